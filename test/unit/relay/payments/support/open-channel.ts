import { createPaidWorld, type PaidWorld, type PaidWorldOptions } from '../../../../../src/sim/paid-world.ts';
import type { SimAnswer } from '../../../../../src/sim/sim-agent.ts';
import type { SimPayer } from '../../../../../src/sim/sim-payer.ts';
import type { ChannelRow } from '../../../../../src/relay/ledger/state.ts';

/** A world with a tab, and an agent whose channel is open with 10,000 base units. */
export interface OpenChannel {
  readonly world: PaidWorld;
  readonly payer: SimPayer;
  readonly row: () => ChannelRow;
  /** Lets `ms` pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** Sends a payload and waits for its answer. */
  readonly send: (payload: object, headers?: Record<string, string>, body?: string) => Promise<SimAnswer>;
}

export const DEPOSIT = 10_000n;

export async function openChannel(options: PaidWorldOptions = {}, seed = 1): Promise<OpenChannel> {
  const world = createPaidWorld(seed, options);
  world.addTab({ stepMs: 10 });
  await world.clock.advance(3_000);
  const payer = world.payer();
  const opened = payer.open(DEPOSIT);
  await world.clock.advance(5_000);
  if (opened.status !== 200) throw new Error(`The channel is not open: ${opened.text}`);
  return {
    world,
    payer,
    row() {
      const row = world.ledger.state.channels.get(payer.wallet.channel);
      if (!row) throw new Error('There is no channel.');
      return row;
    },
    pass: (ms) => world.clock.advance(ms),
    async send(payload, headers = {}, body = '') {
      const answer = payer.send(payload, { headers, body });
      await world.clock.advance(20);
      return answer;
    },
  };
}

/** The code of an error body. */
export function codeOf(answer: SimAnswer): string | undefined {
  return (JSON.parse(answer.text) as { error?: { code: string } }).error?.code;
}

/** A chat request's body. */
export function chat(content: string, maxTokens: number): string {
  const messages = [{ role: 'user', content }];
  return JSON.stringify({
    model: 'sim',
    messages,
    max_tokens: maxTokens,
    stream: true,
    return_token_ids: true,
  });
}
