let pending = 0;

/** Calls back in the next iteration of the event loop, so that everything from this one is handled together. Not a timer. */
export function nextTurn(callback: () => void): void {
  pending += 1;
  setImmediate(() => {
    pending -= 1;
    callback();
  });
}

/** Callbacks that wait for the next iteration: while there are any, a simulation must not let time pass. */
export function pendingTurns(): number {
  return pending;
}
