/** A span of PagerDuty's log; milliseconds since 1970, whole seconds. */
export interface TimeWindow {
  readonly since: number;
  readonly until: number;
}

const SECOND_MS = 1_000;

/**
 * The older and the newer half. They share a second, because it is not documented whether PagerDuty's bounds are
 * inclusive. Null for a window of two seconds or less, which has no halves.
 */
export function halvesOf({ since, until }: TimeWindow): readonly [TimeWindow, TimeWindow] | null {
  if (until - since <= 2 * SECOND_MS) return null;
  const middle = Math.ceil((since + until) / 2 / SECOND_MS) * SECOND_MS;
  return [
    { since, until: middle },
    { since: middle - SECOND_MS, until },
  ];
}
