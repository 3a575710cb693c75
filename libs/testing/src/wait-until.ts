/** What a condition may answer while it does not hold yet. */
type NotYet = false | null | undefined;

export interface WaitOptions {
  /** Ends the message "waited 30 s for …". */
  what: string;
  timeoutMs?: number;
  intervalMs?: number;
}

/**
 * Asks the condition again and again until it answers something else than false, null or undefined, and resolves with that.
 * A condition that throws counts as not yet true; its last error is in the message when time is up.
 */
export async function waitUntil<T>(
  condition: () => T | NotYet | Promise<T | NotYet>,
  { what, timeoutMs = 30_000, intervalMs = 50 }: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
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
