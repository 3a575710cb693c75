/** Time as pure logic sees it; milliseconds. Injected, so that a test can hold it in its hand. */
export interface Clock {
  now(): number;
  /** Calls back once, later; the result takes it back. */
  after(ms: number, callback: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
