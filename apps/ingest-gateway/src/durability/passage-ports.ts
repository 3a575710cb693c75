/** Where new events go: straight to the broker, or behind what is in the spool. */
export type Mode = 'direct' | 'spool';
/** Why events go to the spool. */
export const CAUSES = ['start', 'away', 'blocked', 'slow', 'refused', 'busy', 'left behind'] as const;
export type Cause = (typeof CAUSES)[number];
/** What became of an event that was accepted: it is durable, or it could not be stored. */
export type Verdict<Failure> = 'durable' | { readonly failure: Failure };

/** What the passage does; every answer to a call comes later, never within it. */
export interface PassagePorts<Event, Failure> {
  /** Sends an event to the broker; false where there is no connection. Later: `settled`, or `lost` for all. */
  send(sequence: number, event: Event, isAgain: boolean): boolean;
  /** Puts an event into the spool. Later: `stored` or `notStored`. */
  store(sequence: number, event: Event): void;
  erase(sequence: number, bytes: number): void;
  /** Reads the spool behind a sequence. Later: `read`. */
  read(after: number): void;
  /** Events in the spool that are not erased, and those on their way into it. */
  entries(): number;
  answer(sequence: number, verdict: Verdict<Failure>): void;
  /** Closes the connection and opens another. Later: `lost`, `opened`. */
  renew(): void;
  changed(mode: Mode, cause: Cause | undefined): void;
}

export interface PassageLimits {
  /** How long the broker may take to confirm; milliseconds. */
  readonly confirmTimeoutMs: number;
  /** Events sent and not confirmed; beyond them the spool serves. */
  readonly maxInFlight: number;
}
