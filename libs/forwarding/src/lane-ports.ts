import { type SendStatus, type Settlement } from '@pdaltagent/messaging';

/** Where a lane's new events go: directly to the broker, or into the spool, which is drained to the broker. */
export const MODES = ['direct', 'spool'] as const;
export type Mode = (typeof MODES)[number];
/** Why a lane's events are spooled. */
export const CAUSES = ['start', 'away', 'blocked', 'slow', 'refused', 'busy'] as const;
export type Cause = (typeof CAUSES)[number];
/** The result for an accepted event: it is durable, or it could not be stored. */
export type PublishResult<Failure> = 'durable' | { readonly failure: Failure };

/** Why an event can never be published: AMQP cannot encode it, or the broker refuses it, with the broker's reason. */
export type UnpublishableReason =
  { readonly problem: 'unencodable' } | { readonly problem: 'refused'; readonly detail: string };

/** What a lane forwarder uses. Results are always reported asynchronously, never during the call. */
export interface LanePorts<Event, Failure, Source> {
  /** Sends an event over the lane's channel. If it is sent, either `onSettled` is called later, or the forwarder's `onLost`. */
  send(event: Event, maybeDuplicate: boolean, onSettled: (settlement: Settlement) => void): SendStatus;
  /** Appends an event to the lane's own spool. Later calls `onStored` or `onNotStored`. */
  store(sequence: number, event: Event): void;
  erase(source: Source, sequence: number, bytes: number): void;
  /** Whether an entry has been erased by somebody else. */
  isErased(source: Source, sequence: number): boolean;
  /** Reads the lane's entries of a spool after a sequence. Later calls `onEntriesRead`. */
  read(source: Source, after: number): void;
  /** Number of the lane's entries in a spool that can be drained, including those being written. */
  remaining(source: Source): number;
  /** Quarantines an event that can never be published. Calls back with true once it is stored, false if it cannot be stored. */
  quarantine(event: Event, reason: UnpublishableReason, done: (isStored: boolean) => void): void;
  respond(sequence: number, result: PublishResult<Failure>): void;
  /** Replaces the lane's channel: nothing that was sent over the old one is settled any more. Later calls `onOpened`. */
  reopen(): void;
  onModeChange(mode: Mode, cause: Cause | undefined): void;
  /** An orphaned spool holds nothing for the lane any more. */
  onDrained(source: Source): void;
}

export interface LaneLimits {
  /** How long the broker may take to confirm; milliseconds. */
  readonly confirmTimeoutMs: number;
  /** Maximum unconfirmed events of all lanes in memory; one lane may have a quarter of them. */
  readonly maxInFlight: number;
}
