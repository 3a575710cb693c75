/** Calls back in the next iteration of the event loop, so that everything from this one is handled together. Not a timer. */
export function nextTurn(callback: () => void): void {
  setImmediate(callback);
}
