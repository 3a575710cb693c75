/** Results of a condition that is not met yet. */
type NotYet = false | null | undefined;

export interface WaitOptions {
  /** Completes the message "waited 60 s for …". */
  what: string;
  /** By default 60 s: a busy machine takes long, but RabbitMQ gives up waiting for a queue only after 65 s. */
  timeoutMs?: number;
  intervalMs?: number;
}

/**
 * Evaluates the condition repeatedly until it returns something other than false, null or undefined, and resolves with that.
 * A condition that throws counts as not met; its last error is in the timeout message.
 */
export async function waitUntil<T>(
  condition: () => T | NotYet | Promise<T | NotYet>,
  { what, timeoutMs = 60_000, intervalMs = 50 }: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await condition();
      if (result !== false && result !== null && result !== undefined) return result;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) {
      const reason = last instanceof Error ? `: ${last.message}` : '';
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}${reason}`);
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
