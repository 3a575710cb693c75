/** Time as pure logic sees it; milliseconds. Injected, so that a test can hold it in its hand. */
export interface Clock {
  now(): number;
  /** Calls back once, later; the result takes it back. */
  after(ms: number, callback: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    // What holds a process is its connections: what a stopped worker still waits for does not.
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};
