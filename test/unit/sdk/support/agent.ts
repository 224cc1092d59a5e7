import { type Client, type ClientOptions, createClient } from '../../../../src/sdk/client.ts';
import type { ClientEvent } from '../../../../src/sdk/client-events.ts';
import { type ScriptedRelay } from './scripted-relay.ts';
import { RELAY } from './scripted-terms.ts';

export const AGENT_KEY = `0x${'42'.repeat(32)}`;

export interface TestAgent {
  readonly client: Client;
  readonly events: ClientEvent[];
  /** Codes of all problems so far. */
  problems(): string[];
  /** The newest state that was kept. */
  state(): string | undefined;
}

/** A client of a scripted relay that remembers what it said. */
export function createAgent(relay: ScriptedRelay, options: Partial<ClientOptions> = {}): TestAgent {
  const events: ClientEvent[] = [];
  let state: string | undefined;
  const client = createClient({
    relay: RELAY,
    wallet: AGENT_KEY,
    budget: '1.00',
    fetch: relay.fetch,
    save: (text) => void (state = text),
    ...options,
  });
  client.on((event) => events.push(event));
  return {
    client,
    events,
    problems: () => events.flatMap((event) => (event.type === 'problem' ? [event.error.code] : [])),
    state: () => state,
  };
}

/** Sends a chat. */
export function chat(
  { client }: TestAgent,
  content: string,
  more: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return client.fetch(`${RELAY}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer none' },
    body: JSON.stringify({
      model: 'bytes',
      messages: [{ role: 'user', content }],
      stream: true,
      ...more,
    }),
    ...(signal ? { signal } : {}),
  });
}

/** The text of a stream's events. */
export function textOf(stream: string): string {
  return stream
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => {
      const { choices } = JSON.parse(event.slice(6)) as {
        choices?: { delta?: { content?: string } }[];
      };
      return choices?.[0]?.delta?.content ?? '';
    })
    .join('');
}
