/** Time, injected so that a test or a simulation can control it; milliseconds. */
export interface Clock {
  /** Monotonic, from an arbitrary origin. For durations, deadlines, rates, ages in memory. */
  monotonic(): number;
  /** Since 1970; may jump in either direction. Only for what people or other hosts read. */
  wall(): number;
  /** Calls back once, later; the result cancels it. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, callback) => {
    // Connections keep a process alive; a timer that a stopped service still has must not.
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};
