import type { JobReceipt } from '../../src/protocol/money/receipt.ts';
import { verifyReceipt } from '../../src/protocol/money/verify-receipt.ts';
import type { RelayEvent } from '../../src/relay/relay-events.ts';
import type { Client } from '../../src/sdk/index.ts';
import { fetchReceipt, streamChat } from '../network/chat-stream.ts';
import type { LocalNetwork } from '../network/local-network.ts';
import type { DemoOptions } from './demo-options.ts';
import { loseServing } from './lose-serving.ts';
import { micros, type Story } from './story.ts';

export interface PaidJob {
  readonly text: string;
  readonly receipt: JobReceipt;
  readonly moved: number;
  /** Pico, by account. */
  readonly accrued: ReadonlyMap<string, bigint>;
  /** Pico. */
  readonly charged: bigint;
  readonly fee: bigint;
}

interface PaidJobOptions {
  readonly network: LocalNetwork;
  readonly options: Pick<DemoOptions, 'model' | 'tokens'>;
  readonly story: Story;
  readonly agent: Client;
  readonly signal: AbortSignal;
}

const PROMPT = 'Speak to me of the sea, and of the night.';

/** One streamed job through the `openai` package, paid chunk by chunk, whose tab is killed half-way. */
export async function runPaidJob({
  network,
  options,
  story,
  agent,
  signal,
}: PaidJobOptions): Promise<PaidJob> {
  const { model, tokens } = options;
  const events: RelayEvent[] = [];
  const accrued = new Map<string, bigint>();
  let [charged, fee, count] = [0n, 0n, 0];
  let lost: Promise<void> | undefined;
  const { relay } = network.server;
  const offs = [
    relay.on((event) => events.push(event)),
    relay.onPayment((event) => {
      if (event.type !== 'accrued') return;
      charged += event.charged;
      fee += event.fee;
      accrued.set(event.provider, (accrued.get(event.provider) ?? 0n) + event.accrued);
      story.aside(
        `agent paid ${micros(charged)}, tab ${event.provider.slice(0, 6)} earned ${micros(event.accrued)}`,
      );
    }),
    agent.on((event) => {
      if (event.type === 'voucher') story.aside(`agent → relay: voucher of ${event.cumulative} base units`);
    }),
    network.onPayout((event) => {
      if (event.type !== 'voucherIssued') return;
      story.aside(`relay → ${event.payee.slice(0, 6)}: voucher of ${event.cumulative} base units`);
    }),
  ];
  story.say(`\nOne job of ${tokens} tokens through ${network.api}; its tab is killed half-way.\n`);
  story.say(`> ${PROMPT}\n`);
  const order = { model, prompt: PROMPT, maxTokens: tokens, temperature: 0.7, signal, fetch: agent.fetch };
  const { job, text, ids, promptIds, finish } = await streamChat(network.api, order, (piece) => {
    story.write(piece.text);
    count += piece.ids.length;
    if (count >= tokens / 2) lost ??= loseServing(network, events, story);
  });
  await lost;
  await agent.idle();
  for (const off of offs) off();
  story.say('\n');
  const receipt = await fetchReceipt(network.api, job);
  const problems = [
    ...verifyReceipt(receipt, { promptIds, outputIds: ids }),
    ...(agent.receipts.at(-1)?.problems ?? ['missing']),
  ];
  if (problems.length > 0) throw new Error(`The receipt does not verify: ${JSON.stringify(problems)}`);
  if (finish === 'length' && ids.length !== tokens)
    throw new Error(`${ids.length} tokens came, not ${tokens}.`);
  const moved = tellMoves(events, story);
  const chunks = receipt.attempts.reduce((sum, attempt) => sum + attempt.chunks.length, 0);
  story.say(
    `Receipt ${job}: ${ids.length} tokens, ${receipt.attempts.length} attempts, ${chunks} signed chunks, valid.`,
  );
  return { text, receipt, moved, accrued, charged, fee };
}

function tellMoves(events: readonly RelayEvent[], story: Story): number {
  const moves = events.flatMap((event) => (event.type === 'jobMoved' ? [event] : []));
  for (const { accepted, detectionMs, resumptionMs } of moves) {
    const times = `loss noticed in ${Math.round(detectionMs)} ms, next token ${Math.round(resumptionMs)} ms later`;
    story.say(`Moved after ${accepted} tokens: ${times}.`);
  }
  if (moves.length === 0) throw new Error('The stream did not move to another tab.');
  return moves.length;
}
