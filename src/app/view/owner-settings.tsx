import type { JSX } from 'preact';
import { askForPresence, OWNER_SIGNALS } from '../owner/owner-signals.ts';
import type { OwnerWishes, Settings } from '../state/settings.ts';
import { describePercent } from '../words/duty-words.ts';

export interface OwnerSettingsProps {
  readonly draft: Settings;
  readonly amend: (changes: Partial<Settings>) => void;
}

const GIGABYTE = 1e9;
const wishes: readonly (readonly [keyof OwnerWishes, string])[] = [
  ['pauseOnBattery', 'Pause on battery'],
  ['pauseWhenActive', 'Lend only while nobody is at the machine (the browser asks)'],
  ['pauseUnderPressure', 'Pause while the processor is under heavy load'],
  ['pauseWhenHidden', 'Pause while this tab is in the background'],
  ['stayAwake', 'Keep the machine and its screen awake while lending'],
];

/** What the owner keeps for themself. */
export function OwnerSettings({ draft, amend }: OwnerSettingsProps): JSX.Element {
  return (
    <>
      <div class="field">
        <label>
          <span class="field-label">
            Share of the GPU’s time: <output>{describePercent(draft.share)}</output>
          </span>
          <input
            type="range"
            min={10}
            max={100}
            step={5}
            value={Math.round(100 * draft.share)}
            aria-describedby="share-hint"
            onInput={(event) => amend({ share: event.currentTarget.valueAsNumber / 100 })}
          />
        </label>
        <span id="share-hint" class="field-hint">
          Below 100% the tab rests after each step: cooler, quieter, and slower to earn.
        </span>
      </div>
      <label class="choice">
        <input
          type="checkbox"
          checked={draft.giveWay !== 'never'}
          onChange={(event) => amend({ giveWay: event.currentTarget.checked ? 'gpu' : 'never' })}
        />
        Step back when something else uses the GPU
      </label>
      <div class="field-pair">
        <NumberField
          label="Memory at most, in GB"
          hint="0: as much as there is. Counts at the next start."
          value={draft.memoryBytes / GIGABYTE}
          step={0.1}
          most={1_000}
          amend={(value) => amend({ memoryBytes: Math.round(value * GIGABYTE) })}
        />
        <NumberField
          label="Longest prompt, in tokens"
          hint="0: as long as the model allows."
          value={draft.promptTokens}
          step={1}
          most={2 ** 20}
          amend={(value) => amend({ promptTokens: Math.round(value) })}
        />
      </div>
      <fieldset class="field">
        <legend>For your sake</legend>
        {wishes.map(([wish, words]) => (
          <Wish key={wish} wish={wish} words={words} draft={draft} amend={amend} />
        ))}
      </fieldset>
    </>
  );
}

function Wish({
  wish,
  words,
  draft,
  amend,
}: OwnerSettingsProps & { wish: keyof OwnerWishes; words: string }): JSX.Element {
  const known = OWNER_SIGNALS.find((signal) => signal.wish === wish);
  const missing = wish === 'stayAwake' ? !('wakeLock' in navigator) : !known?.available();
  async function change(wanted: boolean): Promise<void> {
    if (wanted && wish === 'pauseWhenActive' && !(await askForPresence())) return amend({ [wish]: false });
    amend({ [wish]: wanted });
  }
  return (
    <label class="choice" data-missing={missing}>
      <input
        type="checkbox"
        checked={draft[wish] && !missing}
        disabled={missing}
        onChange={(event) => void change(event.currentTarget.checked)}
      />
      {missing ? `${words}: not in this browser` : words}
    </label>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: number;
  readonly step: number;
  readonly most: number;
  readonly amend: (value: number) => void;
}

function NumberField({ label, hint, value, step, most, amend }: NumberFieldProps): JSX.Element {
  const id = `hint-${label.replaceAll(/\W/g, '')}`;
  return (
    <div class="field">
      <label>
        <span class="field-label">{label}</span>
        <input
          type="number"
          min={0}
          max={most}
          step={step}
          value={value}
          aria-describedby={id}
          onInput={(event) => {
            const typed = event.currentTarget.valueAsNumber;
            if (typed >= 0 && typed <= most) amend(typed);
          }}
        />
      </label>
      <span id={id} class="field-hint">
        {hint}
      </span>
    </div>
  );
}
