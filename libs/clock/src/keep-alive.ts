const MAX_TIMER_MS = 2 ** 31 - 1;

/** Keeps the process alive until the result is called; timers of a `Clock` do not. */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, MAX_TIMER_MS);
  return () => clearInterval(timer);
}
