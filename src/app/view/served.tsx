import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { describeCount } from '../words/quantities.ts';

/** What this wallet has served: today, and since its first day. */
export function Served({ lending }: { lending: Lending }): JSX.Element {
  const totals = lending.totals.value;
  const vectors = lending.status.value?.vectors;
  const figures = [
    ['Jobs today', totals?.today.jobs],
    ['Tokens today', totals?.today.tokens],
    ['All jobs', totals?.jobs],
    ['All tokens', totals?.tokens],
    ...(vectors === undefined ? [] : [['Vectors, this time', vectors] as const]),
  ] as const;
  return (
    <section class="card" aria-labelledby="served-title">
      <h2 id="served-title">Served</h2>
      <dl class="figures figures-two">
        {figures.map(([name, count]) => (
          <div class="figure" key={name}>
            <dt>{name}</dt>
            <dd>{count === undefined ? '…' : describeCount(count)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
