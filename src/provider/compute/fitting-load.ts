import { abortError, type ErrorBody, errorBody } from '../../core/errors.ts';
import { closeServing } from '../serving.ts';
import type { EngineOrder, EngineSource, LoadedEngine, LoadProgress } from './engine-source.ts';
import { type Footprint, reduce, type Reduction } from './footprint.ts';

/**
 * Loads an engine, with fewer streams or a shorter context where memory does not allow what was ordered.
 * @param before what was given up already
 * @param reduced told of each thing that is given up
 * @throws the codes of `EngineSource.load`; the last failure, where nothing smaller is left
 */
export async function loadFitting(
  source: EngineSource,
  order: EngineOrder,
  before: Reduction | undefined,
  progress: (step: LoadProgress) => void,
  signal: AbortSignal,
  reduced: (reduction: Reduction) => void,
): Promise<LoadedEngine> {
  let footprint: Footprint = before ?? order;
  for (;;) {
    try {
      const { slots, context } = footprint;
      const loaded = await source.load(
        { ...order, slots, ...(context ? { context } : {}) },
        progress,
        signal,
      );
      if (!signal.aborted) return loaded;
      await closeServing(loaded);
      throw abortError(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const smaller = await shrink(source, order.model, footprint, errorBody(error));
      if (!smaller) throw error;
      footprint = smaller;
      reduced(smaller);
    }
  }
}

/** The next smaller footprint after a failure, with its reason; nothing where that would not help. */
export async function shrink(
  source: EngineSource,
  model: string,
  footprint: Footprint,
  reason: ErrorBody,
): Promise<Reduction | undefined> {
  const models = await source.models();
  const whole = models.find(({ id }) => id === model)?.context ?? 0;
  const smaller = reduce(footprint, whole, reason.code);
  return smaller && { ...smaller, reason };
}
