import OpenAI from 'openai';
import type { JobReceipt } from '../../src/protocol/money/receipt.ts';

/** Who asks: leaves are opened only for whoever asked for the answer. */
const KEY = 'demo';

export interface ChatOrder {
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly seed?: number;
  readonly temperature?: number;
  readonly signal?: AbortSignal;
  /** That of a paying client; the free one if missing. */
  readonly fetch?: typeof fetch;
}

export interface ChatPiece {
  readonly text: string;
  /** Ids that came with this piece. */
  readonly ids: readonly number[];
}

export interface ChatResult {
  readonly job: string;
  readonly text: string;
  readonly ids: readonly number[];
  readonly promptIds: readonly number[];
  readonly finish: string | null;
}

/** What our relay adds to a chunk of the OpenAI stream. */
interface WithTokenIds {
  readonly prompt_token_ids?: number[];
  readonly choices: readonly { readonly token_ids?: number[] }[];
}

/** One streamed chat through the `openai` package, as any agent would send it. Calls `piece` as they come. */
export async function streamChat(
  api: string,
  { model, prompt, maxTokens, seed, temperature, signal, fetch: given }: ChatOrder,
  piece: (piece: ChatPiece) => void = () => {},
): Promise<ChatResult> {
  const client = new OpenAI({ baseURL: api, apiKey: KEY, maxRetries: 0, ...(given ? { fetch: given } : {}) });
  const body = {
    model,
    messages: [{ role: 'user' as const, content: prompt }],
    max_tokens: maxTokens,
    stream: true as const,
    return_token_ids: true,
    ...(seed === undefined ? {} : { seed }),
    ...(temperature === undefined ? {} : { temperature }),
  };
  const { data: stream, response } = await client.chat.completions.create(body, { signal }).withResponse();
  let text = '';
  let finish: string | null = null;
  const ids: number[] = [];
  const promptIds: number[] = [];
  for await (const event of stream) {
    const added = event as unknown as WithTokenIds;
    promptIds.push(...(added.prompt_token_ids ?? []));
    const here = { text: event.choices[0]?.delta.content ?? '', ids: added.choices[0]?.token_ids ?? [] };
    text += here.text;
    ids.push(...here.ids);
    finish = event.choices[0]?.finish_reason ?? finish;
    if (here.text !== '' || here.ids.length > 0) piece(here);
  }
  return { job: response.headers.get('x-afterglow-job') ?? '', text, ids, promptIds, finish };
}

/** @param job a job's id, with `?openings=1` for its leaves too */
export async function fetchReceipt(api: string, job: string): Promise<JobReceipt> {
  const response = await fetch(`${api}/receipts/${job}`, { headers: { authorization: `Bearer ${KEY}` } });
  if (!response.ok) throw new Error(`The relay has no receipt of ${job}: ${await response.text()}`);
  return (await response.json()) as JobReceipt;
}
