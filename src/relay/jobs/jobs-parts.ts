import type { Random } from '../../core/random.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import type { Limits } from '../limits.ts';
import type { Registry } from '../providers/registry.ts';
import type { SettlingParts } from './settling.ts';

/** What jobs of both kinds need of their relay. */
export interface JobsParts extends SettlingParts {
  readonly random: Random;
  readonly limits: Limits;
  readonly recover: Recover;
  readonly registry: Registry;
}
