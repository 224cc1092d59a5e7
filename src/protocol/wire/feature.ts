import { z } from 'zod';

/**
 * What not every engine can do of a job; one that needs it goes only to providers that name it in `hello` (rule P5).
 * - `controls`: all of the decode spec beside temperature and constraint (rules S5 to S8)
 * - `logprobs`: as many alternatives as anybody can ask for
 * - `constraints`: JSON, JSON schemas and the form of tool calls
 */
export const FEATURES = ['controls', 'logprobs', 'constraints'] as const;
export type Feature = (typeof FEATURES)[number];

/** A newer provider may name others. */
export const featuresSchema = z.array(z.string().max(32)).max(32);
