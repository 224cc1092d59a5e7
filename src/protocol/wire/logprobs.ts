import { z } from 'zod';
import { tokenIdSchema } from './fields.ts';
import { MAX_TOP, type Sample } from './sample.ts';

/** A token's log-probability, and the likeliest ids at its place with theirs: of the model's own distribution. */
export const tokenLogprobsSchema = z
  .tuple([z.number(), z.array(tokenIdSchema).max(MAX_TOP), z.array(z.number()).max(MAX_TOP)])
  .refine(([, ids, logprobs]) => ids.length === logprobs.length, 'expected a log-probability for each id');
export type TokenLogprobs = z.infer<typeof tokenLogprobsSchema>;

/** Digits after the point that travel: backends agree to fewer. */
const SCALE = 1e6;

/** What is sent of a sample where `top` alternatives were asked for. */
export function tokenLogprobs({ logprob, topIds, topLogprobs }: Sample, top: number): TokenLogprobs {
  return [round(logprob), topIds.slice(0, top), topLogprobs.slice(0, top).map(round)];
}

/** Rounding errors may lift a certain token's above 0. */
function round(logprob: number): number {
  return Math.min(0, Math.round(logprob * SCALE) / SCALE);
}

/** The schema's check by hand, for many at once. */
export function areTokenLogprobs(value: unknown): value is TokenLogprobs[] {
  return Array.isArray(value) && value.every(isTokenLogprobs);
}

function isTokenLogprobs(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3 || typeof value[0] !== 'number') return false;
  const [, ids, logprobs] = value;
  if (!Array.isArray(ids) || !Array.isArray(logprobs)) return false;
  if (ids.length > MAX_TOP || ids.length !== logprobs.length) return false;
  return ids.every(isTokenId) && logprobs.every((logprob) => typeof logprob === 'number');
}

export function isTokenId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 24;
}
