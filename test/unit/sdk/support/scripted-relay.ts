import { setImmediate as turn } from 'node:timers/promises';
import type { Hex } from '../../../../src/core/bytes.ts';
import { ceilToBase, fullCost, type JobTerms } from '../../../../src/protocol/money/price.ts';
import { decodeBase64Url } from '../../../../src/sdk/base64url.ts';
import type { Fetch } from '../../../../src/sdk/relay-endpoint.ts';
import { bytes } from '../../relay/support/byte-model.ts';
import type { Mischief } from './mischief.ts';
import { PaidJob } from './paid-job.ts';
import { acceptVoucher, type ChannelRow, type Payload, receiptHeader, statusOf } from './scripted-channel.ts';
import { challengeHeader, maxTokensOf, PRICE, promptOf, TERMS, UNIT } from './scripted-terms.ts';

/** A relay that speaks HTTP as the payment rules say, in memory: honest, but for its mischief. */
export class ScriptedRelay {
  mischief: Mischief = {};
  terms: typeof TERMS = TERMS;
  /** Answers are this long, where `max_tokens` lets them. */
  answer = 'x'.repeat(100);
  finish: 'stop' | 'length' = 'stop';
  /** Ids per event, and what lies between two events. */
  perEvent = 4;
  pace: () => Promise<unknown> = () => turn();
  readonly channels = new Map<Hex, ChannelRow>();
  readonly jobs: PaidJob[] = [];
  /** Every request that carried a credential: its action and amount. */
  readonly paid: { readonly action: string; readonly cumulative: bigint; readonly hasBody: boolean }[] = [];
  /** Requests without a credential. */
  asked = 0;
  /** How often a stream had to say that it needs a voucher. */
  needs = 0;
  /** Ends streams that wait for a voucher (as 30 s would). */
  giveUp = false;
  readonly #keys = new Map<string, PaidJob>();
  /** Pico: the most that any voucher so far could be justified with. */
  #justified = 0n;
  readonly #wakes = new Set<() => void>();

  readonly fetch: Fetch = async (input, init = {}) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const method = init.method ?? 'GET';
    const what = this.#nameOf(pathname, method, init);
    await this.mischief.wire?.(what, 'before');
    init.signal?.throwIfAborted();
    const response = this.#route(pathname, method, init);
    await this.mischief.wire?.(what, 'after');
    return response;
  };

  get channel(): ChannelRow {
    const [row] = this.channels.values();
    if (!row) throw new Error('No channel is open.');
    return row;
  }

  /** Lets streams that wait look again. */
  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  #nameOf(pathname: string, method: string, init: RequestInit): string {
    const payload = this.#payloadOf(init);
    if (!payload) return `${method} ${pathname}`;
    return payload.action === 'voucher' && init.body ? 'start' : payload.action;
  }

  #payloadOf(init: RequestInit): Payload | undefined {
    const [, text] = /^Payment (.+)$/.exec(new Headers(init.headers ?? {}).get('authorization') ?? '') ?? [];
    return text === undefined ? undefined : (decodeBase64Url(text) as { payload: Payload }).payload;
  }

  #route(pathname: string, method: string, init: RequestInit): Response {
    if (pathname === '/v1/payment') return Response.json(this.terms);
    const [, channel] = /^\/v1\/payment\/channels\/(0x\w+)$/.exec(pathname) ?? [];
    if (channel) return this.#status(channel as Hex);
    const [, job] = /^\/v1\/receipts\/(0x\w+)$/.exec(pathname) ?? [];
    const found = this.jobs.find(({ id }) => id === job);
    if (found && !found.isLive) return Response.json(found.receipt(TERMS.relay));
    if (pathname === '/v1/chat/completions' && method === 'POST') return this.#chat(init);
    if (pathname === '/v1/models') return Response.json({ object: 'list', data: [{ id: 'bytes' }] });
    return fail(404, 'unknown_url');
  }

  #status(id: Hex): Response {
    const row = this.channels.get(id);
    if (!row) return fail(404, 'channel_unknown');
    return Response.json(statusOf(id, row, this.#reserved()));
  }

  #chat(init: RequestInit): Response {
    const payload = this.#payloadOf(init);
    const body = typeof init.body === 'string' ? init.body : undefined;
    const order = body === undefined ? undefined : (JSON.parse(body) as Record<string, unknown>);
    if (!payload) {
      this.asked++;
      return this.#challenge('payment_required', order);
    }
    this.paid.push({
      action: payload.action,
      cumulative: BigInt(payload.cumulativeAmount ?? this.channel.accepted),
      hasBody: body !== undefined,
    });
    if (payload.action === 'open') return this.#open(payload);
    const row = this.channels.get(payload.channelId);
    if (!row) return fail(402, 'channel_unknown');
    if (payload.action === 'topUp') {
      row.deposit += BigInt(payload.additionalDeposit ?? 0);
      return this.#status(payload.channelId);
    }
    if (payload.action === 'close') return this.#close(row, payload);
    const refusal = acceptVoucher(row, payload, order !== undefined);
    if (refusal) return this.#challenge(refusal, order, row);
    this.#checkLoss(row, order);
    this.wake();
    const headers = { 'payment-receipt': receiptHeader(payload.channelId, row, this.#reserved()) };
    if (!order) return Response.json({}, { headers });
    const key = new Headers(init.headers ?? {}).get('idempotency-key') ?? '';
    const known = this.#keys.get(key);
    const job = known ?? this.#reserve(row, order);
    if (!job) return this.#challenge('voucher_insufficient', order, row);
    this.#keys.set(key, job);
    return new Response(this.#stream(job, payload.channelId, row, order, init.signal ?? undefined), {
      headers: { ...headers, 'content-type': 'text/event-stream', 'x-afterglow-job': job.id },
    });
  }

  #open({ authorization, channelId, voucherSignature = '0x' }: Payload): Response {
    if (!this.channels.has(channelId)) {
      const deposit = BigInt(authorization?.value ?? 0);
      const payer = authorization?.from ?? '0x';
      const amounts = { accepted: 0n, spent: 0n, credited: 0n, settled: 0n };
      this.channels.set(channelId, {
        payer,
        deposit,
        signature: voucherSignature,
        state: 'open',
        ...amounts,
      });
    }
    return this.#status(channelId);
  }

  /**
   * The agent's worst loss, looked at with each voucher: it never signs beyond what was delivered, and for each stream
   * a prompt and two chunks. @throws Error, which fails the test
   */
  #checkLoss(row: ChannelRow, order: Record<string, unknown> | undefined): void {
    const claimed = PRICE.prompt * BigInt(this.mischief.promptMore ?? 0);
    const risked = (terms: JobTerms, tokens: number): bigint => fullCost(terms, tokens + 64) + claimed;
    let most = order
      ? risked({ ...PRICE, promptTokens: promptOf(order).length, feeBps: TERMS.feeBps }, 0)
      : 0n;
    // Until its receipt is read, a stream that was cancelled may have cost all that was paid ahead.
    for (const job of this.jobs)
      most += job.isLive || job.ended === 'cancelled' ? risked(job.terms, job.tokens) : job.total;
    if (most > this.#justified) this.#justified = most;
    if (row.accepted * UNIT >= this.#justified + UNIT)
      throw new Error('The agent signed more than it may lose.');
  }

  #reserved(): bigint {
    return this.jobs.reduce((sum, job) => sum + job.reserved, 0n);
  }

  #free(row: ChannelRow): bigint {
    return row.accepted * UNIT + row.credited - row.spent - this.#reserved();
  }

  #reserve(row: ChannelRow, order: Record<string, unknown>): PaidJob | undefined {
    const prompt = promptOf(order);
    const terms = { ...PRICE, promptTokens: prompt.length, feeBps: TERMS.feeBps };
    const id: Hex = `0x${(this.jobs.length + 1).toString(16).padStart(32, '0')}`;
    const job = new PaidJob(id, prompt, terms, maxTokensOf(order), new Uint8Array(32).fill(7));
    const first = Math.min(32, job.maxTokens);
    if (this.#free(row) < fullCost(terms, first)) return undefined;
    job.covered = first;
    this.jobs.push(job);
    return job;
  }

  #close(row: ChannelRow, { cumulativeAmount }: Payload): Response {
    const settled = BigInt(cumulativeAmount ?? 0);
    if (settled < ceilToBase(row.spent - row.credited, UNIT)) return fail(402, 'voucher_insufficient');
    row.state = 'closed';
    row.settled = settled;
    return Response.json({
      txHash: `0x${'7'.repeat(64)}`,
      settled: String(settled),
      refunded: String(row.deposit - settled),
    });
  }

  #challenge(code: string, order: Record<string, unknown> | undefined, row?: ChannelRow): Response {
    const held = (row?.spent ?? 0n) + this.#reserved();
    const header = challengeHeader(this.mischief, held, order);
    return fail(402, code, { 'www-authenticate': header });
  }

  #stream(
    job: PaidJob,
    channelId: Hex,
    row: ChannelRow,
    order: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const events = this.#events(job, channelId, row, order);
    const encoder = new TextEncoder();
    let isGone = false;
    const gone = (): void => {
      if (isGone) return;
      isGone = true;
      if (job.isLive) this.#end(job, row, 'cancelled');
      this.wake();
    };
    signal?.addEventListener('abort', gone);
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await events.next();
        if (signal?.aborted) controller.error(signal.reason);
        else if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: gone,
    });
  }

  async *#events(
    job: PaidJob,
    channelId: Hex,
    row: ChannelRow,
    order: Record<string, unknown>,
  ): AsyncGenerator<string> {
    const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'bytes' };
    const chunk = (delta: object, more: object = {}, top: object = {}): string =>
      `data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }], ...top })}\n\n`;
    yield ': queued position=1 eta=unknown\n\n';
    yield chunk({ role: 'assistant', content: '' }, {}, { prompt_token_ids: job.prompt });
    const ids = bytes(this.answer).slice(0, job.maxTokens);
    const isCut = ids.length < bytes(this.answer).length;
    while (job.tokens < ids.length && job.isLive) {
      if (job.tokens === job.covered && !this.#cover(job, row)) {
        yield this.#need(job, channelId, row);
        if (!(await this.#waits(job, row))) break;
        continue;
      }
      const take = Math.min(this.perEvent, job.covered - job.tokens, ids.length - job.tokens);
      const piece = ids.slice(job.tokens, job.tokens + take);
      job.attempt.give(piece);
      yield chunk({ content: new TextDecoder().decode(Uint8Array.from(piece)) }, { token_ids: piece });
      await this.pace();
      if (this.mischief.askMore && job.tokens % 40 === 0) yield this.#need(job, channelId, row);
      this.#cover(job, row);
    }
    if (!job.isLive) return;
    const isBudget = job.tokens < ids.length;
    const finish = isCut || isBudget ? 'length' : this.finish;
    if (this.mischief.forge) job.attempt.chunk(job.tokens % 32 || 1, {}, new Uint8Array(32).fill(9));
    job.attempt.finish(finish);
    const { total } = job;
    this.#end(job, row, isBudget ? 'budget' : 'finished');
    yield chunk({}, { finish_reason: finish });
    const options = order['stream_options'] as { include_usage?: boolean } | undefined;
    const usage = { prompt_tokens: job.prompt.length, completion_tokens: job.tokens };
    if (options?.include_usage) yield `data: ${JSON.stringify({ ...base, choices: [], usage })}\n\n`;
    const charged = total + (this.mischief.overcharge ?? 0n);
    row.spent += this.mischief.overcharge ?? 0n;
    const end = {
      channelId,
      acceptedCumulative: String(row.accepted),
      spent: String(row.spent),
      charged: String(charged),
      receipt: job.receipt(TERMS.relay),
    };
    if (!this.mischief.silent) yield `event: payment-receipt\ndata: ${JSON.stringify(end)}\n\n`;
    yield 'data: [DONE]\n\n';
  }

  #end(job: PaidJob, row: ChannelRow, ended: string): void {
    job.ended = ended;
    row.spent += job.total;
    job.isLive = false;
  }

  /** Covers the next chunk once the one before is begun. */
  #cover(job: PaidJob, row: ChannelRow): boolean {
    const next = Math.min(job.covered + 32, job.maxTokens) - job.covered;
    if (next <= 0 || this.#free(row) < job.terms.out * BigInt(next)) return false;
    if (job.covered - job.tokens > 32) return true;
    job.covered += next;
    return true;
  }

  #need(job: PaidJob, channelId: Hex, row: ChannelRow): string {
    this.needs++;
    const next = BigInt(Math.min(32, job.maxTokens - job.covered));
    const missing = row.spent + this.#reserved() - row.credited + job.terms.out * next;
    const data = {
      channelId,
      requiredCumulative: String(ceilToBase(missing, UNIT) + (this.mischief.askMore ?? 0n)),
      acceptedCumulative: String(row.accepted),
      deposit: String(row.deposit),
    };
    return `event: payment-need-voucher\ndata: ${JSON.stringify(data)}\n\n`;
  }

  async #waits(job: PaidJob, row: ChannelRow): Promise<boolean> {
    while (job.isLive && !this.#cover(job, row)) {
      if (this.giveUp) return false;
      await new Promise<void>((resolve) => {
        this.#wakes.add(resolve);
      });
      this.#wakes.clear();
    }
    return job.isLive;
  }
}

function fail(status: number, code: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error: { message: code, type: 'test', param: null, code } }, { status, headers });
}
