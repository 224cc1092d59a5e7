import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobReceiptSchema } from '../../../../src/protocol/money/receipt.ts';
import { verifyReceipt } from '../../../../src/protocol/money/verify-receipt.ts';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import { readModelFolder } from '../../../../src/relay/node/model-folder.ts';
import { type RelayServer, startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import type { TestAttempt } from '../support/test-attempt.ts';
import { joinRelay, type SocketProvider } from './socket-provider.ts';

const model = 'shakespeare-1m-fp32';
const messages = [{ role: 'user' as const, content: 'Speak, Romeo.' }];

let server: RelayServer;
let client: OpenAI;
let tab: SocketProvider;
let encode: (text: string) => number[];
let offer: { id: string; manifest: `0x${string}`; variant: string };

beforeAll(async () => {
  server = await startRelayServer({ port: 0, free: 'localhost' }, { log: SILENT_LOG });
  const [known] = (await readModelFolder('public/models')).filter(({ id }) => id === model);
  if (!known) throw new Error('The model is missing.');
  encode = (text) => known.tokenizer.encode(text);
  offer = { id: model, ...known.ref };
  tab = await joinRelay(server, 1, [offer]);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'sk-nobody', maxRetries: 0 });
});
afterAll(async () => {
  tab.ws.close();
  await server.close(0);
});

/** Answers with this text and its end, some ids at a time. */
function answerWith(text: string): void {
  tab.provider.onAssign = (attempt: TestAttempt) => {
    const ids = [...encode(text), 0];
    for (let at = 0; at < ids.length; at += 3) attempt.give(ids.slice(at, at + 3));
    attempt.finish('stop');
  };
}

describe('the openai package', () => {
  it('streams, with usage, ids and a receipt that verifies', async () => {
    answerWith('But, soft! what light through yonder window breaks? 😀');
    const body = {
      model,
      messages,
      stream: true as const,
      stream_options: { include_usage: true },
      return_token_ids: true,
    };
    const { data: stream, response } = await client.chat.completions.create(body).withResponse();
    let text = '';
    const ids: number[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    let finish: string | null | undefined;
    for await (const chunk of stream) {
      const [choice] = chunk.choices as (OpenAI.ChatCompletionChunk.Choice & { token_ids?: number[] })[];
      text += choice?.delta.content ?? '';
      ids.push(...(choice?.token_ids ?? []));
      finish = choice?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('But, soft! what light through yonder window breaks? 😀');
    expect(finish).toBe('stop');
    expect(usage?.completion_tokens).toBe(ids.length);
    const job = response.headers.get('x-afterglow-job');
    const receipt = jobReceiptSchema.parse(await (await fetch(`${server.url}/v1/receipts/${job}`)).json());
    expect(verifyReceipt(receipt, { outputIds: ids })).toEqual([]);
  });

  it('gets a whole answer', async () => {
    answerWith('Ay me!');
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 50 });
    expect(answer.choices[0]?.message.content).toBe('Ay me!');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
  });

  it('lists models and retrieves one', async () => {
    const listed = [];
    for await (const item of client.models.list()) listed.push(item.id);
    expect(listed).toEqual([model]);
    expect((await client.models.retrieve(model)).id).toBe(model);
  });

  it.each([
    [{ model: 'gpt-4o' }, 404, 'model_not_found', 'model'],
    [{ max_tokens: 0 }, 400, 'integer_below_min_value', 'max_tokens'],
    [{ top_p: 1.1 }, 400, 'decimal_above_max_value', 'top_p'],
    [
      { messages: [{ role: 'user' as const, content: 'word '.repeat(2_000) }] },
      400,
      'context_length_exceeded',
      'messages',
    ],
  ])('throws its own errors for %j', async (wrong, status, code, param) => {
    const error = await client.chat.completions
      .create({ model, messages, ...wrong })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status, code, param, type: 'invalid_request_error' });
  });

  it('throws in mid-stream when a job fails', async () => {
    const impatient = await startRelayServer(
      { port: 0, free: 'localhost', queueMs: 100 },
      { log: SILENT_LOG },
    );
    const lone = await joinRelay(impatient, 2, [offer]);
    lone.provider.onAssign = (attempt) => {
      attempt.give(encode('But'));
      lone.ws.terminate();
    };
    const other = new OpenAI({ baseURL: `${impatient.url}/v1`, apiKey: 'x', maxRetries: 0 });
    const stream = await other.chat.completions.create({ model, messages, stream: true });
    let text = '';
    const failure = await (async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      return undefined;
    })().catch((thrown: unknown) => thrown);
    expect(text).toBe('But');
    expect(failure).toMatchObject({ code: 'no_provider' });
    await impatient.close(0);
  });

  it('cancels the job when it aborts', async () => {
    const cancelled = new Promise<void>((resolve) => {
      tab.provider.onOther = ({ type }) => type === 'cancel' && resolve();
    });
    tab.provider.onAssign = (attempt) => attempt.give(encode('But'));
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await cancelled;
    tab.provider.send({ type: 'grant', slots: 1 });
  });
});
