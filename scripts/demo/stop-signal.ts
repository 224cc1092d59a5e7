/** One Ctrl-C arrives several times: from the terminal, and from npm, which passes it on. */
const ECHO_MS = 1_500;

/** Aborts at the first signal to end. A second one, later, ends the process at once. */
export function listenForStop(): AbortSignal {
  const stop = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && performance.now() - first > ECHO_MS) process.exit(130);
      if (!stop.signal.aborted) first = performance.now();
      stop.abort();
    });
  }
  return stop.signal;
}
