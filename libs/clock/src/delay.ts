import { type Clock } from './clock';

/** Rejection of a delay whose signal is aborted; the same name, code and cause as in node:timers/promises. */
class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';

  constructor(reason: unknown) {
    super('The operation was aborted', { cause: reason });
  }
}

/**
 * Resolves after ms. Does not keep the process alive.
 * @throws AbortError as soon as the signal is aborted
 */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new AbortError(signal?.reason));
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Aborted after ms. */
export function timeoutSignal(clock: Clock, ms: number): AbortSignal {
  const timeout = new AbortController();
  clock.after(ms, () => timeout.abort());
  return timeout.signal;
}

/** Calls back every ms, the first time after ms, until cancelled by calling the result. */
export function every(clock: Clock, ms: number, callback: () => void): () => void {
  let cancel = clock.after(ms, tick);
  function tick(): void {
    // The next call is set first, so that the callback can cancel it, and an exception in it does not end the series.
    cancel = clock.after(ms, tick);
    callback();
  }
  return () => cancel();
}
