import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { addressFault } from '../words/model-address.ts';

/** Asks for the address of a model's manifest. */
export function ModelAddress({ choose }: { choose: (address: string) => void }): JSX.Element {
  const [address, setAddress] = useState('');
  const [fault, setFault] = useState<string>();
  function submit(event: Event): void {
    event.preventDefault();
    const found = addressFault(address.trim());
    setFault(found);
    if (!found) choose(address.trim());
  }
  return (
    <form class="model-address" onSubmit={submit}>
      <input
        type="text"
        inputMode="url"
        spellcheck={false}
        aria-label="Address of the model’s manifest"
        aria-describedby="address-hint"
        aria-invalid={fault !== undefined}
        placeholder="https://…/manifest.json#q4"
        value={address}
        onInput={(event) => setAddress(event.currentTarget.value)}
      />
      <button type="submit" class="button-quiet">
        Use it
      </button>
      <span id="address-hint" class="field-hint" data-good={fault ? false : undefined}>
        {fault ??
          'A model that your relay speaks for. This page may load from the relay and the hosts it names.'}
      </span>
    </form>
  );
}
