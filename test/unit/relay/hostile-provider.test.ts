import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../../src/protocol/money/verify-receipt.ts';
import { bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld, type RelayWorld, type Tab } from './support/relay-world.ts';
import type { TestAttempt } from './support/test-attempt.ts';

const ANSWER = [...bytes('What is in a name? That which we call a rose by any other name'), EOS];

/** What the model would say next: every provider here runs the same model. */
function nextIds(attempt: TestAttempt, count: number): number[] {
  const from = attempt.assignment.prior.length + attempt.ids.length;
  return ANSWER.slice(from, from + count);
}

function endHonestly(attempt: TestAttempt): void {
  attempt.give(nextIds(attempt, ANSWER.length));
  attempt.finish('stop');
}

/** What a provider may do in one step: honest and not. */
const step = fc.oneof(
  fc.record({ do: fc.constant('give' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('chunk' as const), count: fc.integer({ min: 1, max: 32 }) }),
  fc.record({ do: fc.constantFrom('finish', 'handBack', 'pause', 'drop', 'heartbeat', 'grant', 'hello') }),
  fc.record({ do: fc.constant('frame' as const), frame: fc.oneof(fc.string(), fc.json()) }),
  fc.record({
    do: fc.constant('message' as const),
    type: fc.constantFrom(
      'delta',
      'chunk',
      'result',
      'embedded',
      'handback',
      'opening',
      'error',
      'models',
      'grant',
      'heartbeat',
    ),
    fields: fc.dictionary(
      fc.constantFrom('ids', 'slots', 'count', 'index', 'grant', 'models', 'code'),
      fc.jsonValue(),
    ),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(world: RelayWorld, { provider, socket }: Tab, move: Step): Promise<void> {
  const attempt = provider.attempts.at(-1);
  const deliver = (message: unknown): void => socket.deliver(JSON.stringify(message));
  switch (move.do) {
    case 'frame':
      return socket.deliver(move.frame);
    case 'message':
      return deliver({ ...move.fields, type: move.type, ...attempt?.ref });
    case 'wait':
      return world.clock.advance(move.ms);
    case 'heartbeat':
      return provider.heartbeat();
    case 'hello':
      return provider.hello();
    case 'grant':
      return provider.send({ type: 'grant', slots: 1 });
    case 'drop':
      return socket.drop();
    case 'pause':
      return provider.send({ type: 'models', models: [] });
    case 'give': {
      const ids = attempt && nextIds(attempt, move.count);
      return ids && ids.length > 0 ? attempt.give(ids) : undefined;
    }
    case 'chunk':
      return attempt?.chunk(move.count);
    case 'finish':
      return attempt?.finish('stop');
    case 'handBack':
      return attempt?.handBack('because');
    default:
  }
}

describe('W1, W5, L3, L4: whatever a provider does', () => {
  it('no other job notices, and its own job ends whole at an honest one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const world = createRelayWorld();
        const bad = world.join({ slots: 2 });
        const agents = [
          await world.ask({ return_token_ids: true }),
          await world.ask({ return_token_ids: true }),
        ];
        for (const move of steps) await take(world, bad, move);
        const honest = world.join({ slots: 4 });
        honest.provider.onAssign = endHonestly;
        for (const attempt of honest.provider.attempts) endHonestly(attempt);
        bad.socket.drop();
        await world.settle();
        for (const agent of agents) {
          expect(agent.done, agent.text).toBe(true);
          expect(agent.tokenIds).toEqual(ANSWER);
          const receipt = await world.receipt(agent);
          const problems = verifyReceipt(receipt, { outputIds: ANSWER });
          // An answer may be whole although nobody lived to sign its end.
          expect(problems).toEqual([]);
        }
        expect(world.relay.figures().jobs).toMatchObject({ running: 0, waiting: 0, finished: 2, failed: 0 });
      }),
      { numRuns: 100 },
    );
  }, 20_000);
});
