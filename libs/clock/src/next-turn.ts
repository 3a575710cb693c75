/**
 * Calls back once this turn of the event loop is over, so that what came with it is handled together. It measures no time and
 * waits for none.
 */
export function nextTurn(callback: () => void): void {
  setImmediate(callback);
}
