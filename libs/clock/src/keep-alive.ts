const MAX_TIMER_MS = 2 ** 31 - 1;

/** Keeps the process alive until the result is called: what waits for a clock does not. */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, MAX_TIMER_MS);
  return () => clearInterval(timer);
}
