import type { Log } from './log.ts';
import type { RelayEvent } from './relay-events.ts';

/** What an operator reads of providers and moves; jobs have their line from the request (rule A6). */
export function logEvent(log: Log, event: RelayEvent): void {
  const { type, at: _, ...fields } = event;
  switch (type) {
    case 'providerReady':
      return log.info(fields, 'A provider is ready.');
    case 'providerLost':
      return log.info(fields, 'A provider is gone.');
    case 'ruleBroken':
      return log.warn(fields, 'A provider broke a rule and was closed.');
    case 'jobInterrupted':
      return log.info(fields, 'A job lost its provider.');
    case 'jobMoved':
      return log.info(fields, 'A job went on at another provider.');
    case 'jobWaiting':
    case 'jobAssigned':
    case 'jobFinished':
    case 'jobFailed':
    case 'jobCancelled':
  }
}
