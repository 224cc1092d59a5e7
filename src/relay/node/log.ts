import pino, { type DestinationStream, type Level } from 'pino';
import type { Log } from '../log.ts';

export type LogLevel = Level | 'silent';

/** The relay's log: one JSON line each on standard error, so that standard output stays for answers. */
export function createPinoLog(
  level: LogLevel,
  destination: DestinationStream = pino.destination({ dest: 2, sync: false }),
): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
