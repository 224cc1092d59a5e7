import { unsupportedParameter } from './parameter.ts';

type Check = (value: unknown) => boolean;

const anything: Check = () => true;
const only =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const empty: Check = (value) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/**
 * Parameters that are not supported, with the values at which they would change nothing: these pass, so that clients
 * that always send them work. Everything else is refused (rule A1).
 */
const NEUTRAL: Readonly<Record<string, Check>> = {
  user: anything,
  metadata: anything,
  safety_identifier: anything,
  prompt_cache_key: anything,
  store: only(false),
  service_tier: only('auto', 'default'),
  repetition_penalty: only(1),
  functions: empty,
  function_call: only('none', 'auto'),
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
};

/** @throws CodedError `unsupported_parameter` for what would change the answer. `null` is the same as absent. */
export function checkNeutral(parameters: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === null) continue;
    const check = Object.hasOwn(NEUTRAL, name) ? NEUTRAL[name] : undefined;
    if (!check?.(value)) throw unsupportedParameter(name);
  }
}
