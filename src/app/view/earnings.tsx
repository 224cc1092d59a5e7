import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';

/** Where the money will be. Until a relay pays, it says so, and shows no figures. */
export function Earnings({ lending }: { lending: Lending }): JSX.Element {
  const free = lending.status.value?.relay.free;
  return (
    <section class="card earnings" aria-labelledby="earnings-title">
      <h2 id="earnings-title">Earnings</h2>
      <dl class="figures">
        {['Accrued', 'Vested', 'Paid'].map((name) => (
          <div class="figure" key={name}>
            <dt>{name}</dt>
            <dd class="figure-none">
              <span aria-hidden="true">–</span>
              <span class="unseen">nothing yet</span>
            </dd>
          </div>
        ))}
      </dl>
      <p class="card-note">
        {free
          ? 'This relay is free of charge: jobs here earn nothing. Your receipts still prove what you served.'
          : 'Your money will appear here, second by second, once you lend through a relay that pays.'}
      </p>
    </section>
  );
}
