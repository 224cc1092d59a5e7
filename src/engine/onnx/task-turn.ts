/** Lets the event loop take a turn: what computes without a pause would keep aborts and messages from arriving. */
export interface TaskTurn {
  take(): Promise<void>;
  close(): void;
}

/** By a message to oneself: a timer would be slowed down in a hidden tab, and waits 4 ms when nested. */
export function createTaskTurn(): TaskTurn {
  const { port1, port2 } = new MessageChannel();
  // In Node an open port keeps the process alive, which it may only while somebody waits for it.
  const node = port1 as MessagePort & { ref?(): void; unref?(): void };
  let resume: (() => void) | undefined;
  port1.onmessage = () => {
    node.unref?.();
    resume?.();
  };
  node.unref?.();
  return {
    take: () =>
      new Promise((resolve) => {
        resume = resolve;
        node.ref?.();
        port2.postMessage(undefined);
      }),
    close: () => port1.close(),
  };
}
