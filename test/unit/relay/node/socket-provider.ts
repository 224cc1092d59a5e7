import { WebSocket } from 'ws';
import { parseRelayMessage, type RelayMessage } from '../../../../src/protocol/wire/messages.ts';
import type { RelayServer } from '../../../../src/relay/node/relay-server.ts';
import type { ModelOffer } from '../../../../src/protocol/wire/messages.ts';
import { TestProvider } from '../support/test-provider.ts';

export interface SocketProvider {
  readonly provider: TestProvider;
  readonly ws: WebSocket;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
}

/** The test's provider on a real WebSocket; resolves when the challenge has come. */
export async function dialRelay(server: RelayServer, seed: number): Promise<SocketProvider> {
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}/v1/provider`);
  const wire = { deliver: (frame: string) => ws.send(frame), onMessage: (_: RelayMessage): void => {} };
  const provider = new TestProvider(wire, seed);
  const challenged = new Promise<void>((resolve, reject) => {
    ws.on('error', reject);
    ws.on('message', (data: Buffer) => {
      provider.hear(parseRelayMessage(data.toString()));
      resolve();
    });
  });
  const closed = new Promise<number>((resolve) => ws.on('close', resolve));
  await challenged;
  return { provider, ws, closed };
}

/** Dials and says hello; resolves when the relay has welcomed it. */
export async function joinRelay(
  server: RelayServer,
  seed: number,
  models: ModelOffer[],
  slots = 4,
): Promise<SocketProvider> {
  const dialled = await dialRelay(server, seed);
  const welcome = new Promise<void>((resolve) => {
    dialled.provider.onOther = ({ type }) => type === 'welcome' && resolve();
  });
  dialled.provider.hello({ models, slots });
  await welcome;
  dialled.provider.onOther = () => {};
  const beat = setInterval(
    () => dialled.ws.readyState === dialled.ws.OPEN && dialled.provider.heartbeat(),
    400,
  );
  void dialled.closed.then(() => clearInterval(beat));
  return dialled;
}
