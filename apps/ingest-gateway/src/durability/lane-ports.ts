import { type Sent, type Settlement } from '@pdaltagent/messaging';

/** Where a lane's new events go: straight to the broker, or into the spool, which drains into the broker. */
export const MODES = ['direct', 'spool'] as const;
export type Mode = (typeof MODES)[number];
/** Why a lane's events go to the spool. */
export const CAUSES = ['start', 'away', 'blocked', 'slow', 'refused', 'busy'] as const;
export type Cause = (typeof CAUSES)[number];
/** What became of an event that was accepted: it is durable, or it could not be stored. */
export type PublishResult<Failure> = 'durable' | { readonly failure: Failure };

/** Why an event can never be published: AMQP has no form for it, or the broker refuses it, in the broker's words. */
export type PoisonReason =
  { readonly problem: 'unencodable' } | { readonly problem: 'refused'; readonly detail: string };

/** What a lane does; every answer to a call comes later, never within it. */
export interface LanePorts<Event, Failure, Source> {
  /** Sends an event over the lane's channel. If it is sent, it is settled later, or `lost` says that nothing will be. */
  send(event: Event, maybeDuplicate: boolean, settled: (settlement: Settlement) => void): Sent;
  /** Puts an event into the lane's own spool. Later: `stored` or `notStored`. */
  store(sequence: number, event: Event): void;
  erase(source: Source, sequence: number, bytes: number): void;
  /** Reads what a spool holds for the lane after a sequence. Later: `read`. */
  read(source: Source, after: number): void;
  /** Entries that a spool holds for the lane and that can be drained, and those that are being written. */
  remaining(source: Source): number;
  /** Keeps what can never be published. Later: true once it is durable, false if it cannot be kept. */
  quarantine(event: Event, poison: PoisonReason, done: (isKept: boolean) => void): void;
  answer(sequence: number, result: PublishResult<Failure>): void;
  /** Gives the lane another channel: nothing is settled any more that was sent over this one. Later: `opened`. */
  reopen(): void;
  changed(mode: Mode, cause: Cause | undefined): void;
  /** A spool of another instance holds nothing for the lane any more. */
  drained(source: Source): void;
}

export interface LaneLimits {
  /** How long the broker may take to confirm; milliseconds. */
  readonly confirmTimeoutMs: number;
  /** Events of all lanes that may be held in memory unconfirmed; a lane may have a quarter of them. */
  readonly maxInFlight: number;
}
