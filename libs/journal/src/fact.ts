import { type FailureReason, type Outcome } from '@pdaltagent/delivery';
import { type MessageType } from '@pdaltagent/messaging';

/** The version of the facts that this release writes. A reader carries facts of other versions and unknown kinds as they are. */
export const FACT_VERSION = 1;

/** Whether a fact concerns an event on its way to PagerDuty, or a webhook on its way to a destination. */
export type FactGroup = 'events' | 'webhooks';

/** What every fact about a message repeats, so that the message is found even if its first fact was lost in a crash. */
export interface MessageReference {
  readonly group: FactGroup;
  /** The message id. */
  readonly id: string;
  readonly type: MessageType;
  /** What the event asks for; absent for vendors' events, change events and webhooks. */
  readonly action?: string;
  /** The end of the routing key, `…d1a6`; for a webhook, the name of its destination. */
  readonly key: string;
  /** Stands for the routing key: its keyed digest (`PDAGENTD_DIGEST_SECRET`); absent for a webhook. */
  readonly digest?: string;
  /** The dedup key, after scrubbing; absent if the message has none, or if the journal is to have no names (`none`). */
  readonly alert?: string;
  /** When it was accepted; milliseconds since 1970. */
  readonly accepted: number;
}

interface Accepted extends MessageReference {
  readonly kind: 'accepted';
  readonly bytes: number;
  /** The lane that its key has, if that is known here: how many messages wait there must agree with the messages that are not delivered. */
  readonly lane?: number;
  /** The name of the token with which it was sent; absent if the gateway asks for none. */
  readonly token?: string;
  /** These three are after scrubbing, and only there if the journal is to have texts (`full`). */
  readonly severity?: string;
  readonly source?: string;
  /** At most 200 characters. */
  readonly summary?: string;
}

/** An attempt that did not deliver. */
interface Attempted extends MessageReference {
  readonly kind: 'attempted';
  /** Its number; 1 is the first of this worker. */
  readonly attempt: number;
  readonly outcome: Exclude<Outcome['kind'], 'delivered'> | 'interrupted';
  readonly reason?: FailureReason;
  readonly status?: number;
  /** What was answered, scrubbed; at most 300 characters. */
  readonly answer?: string;
  /** How long the attempt took. */
  readonly ms: number;
}

/** The attempt that delivered it. Its acknowledgement follows, unless the worker lost its lane meanwhile. */
interface Delivered extends MessageReference {
  readonly kind: 'delivered';
  readonly attempt: number;
  readonly status: number;
  readonly ms: number;
}

/** Not sent again: it is known to be delivered. */
interface Repeated extends MessageReference {
  readonly kind: 'repeated';
}

interface DeadLettered extends MessageReference {
  readonly kind: 'dead-lettered';
  readonly reason: string;
  readonly status?: number;
  readonly answer?: string;
}

/** A message that this version cannot read became a dead letter, or RabbitMQ did not take one that the gateway had accepted. */
interface Quarantined extends MessageReference {
  readonly kind: 'quarantined';
  readonly problem: string;
}

/** An operator put a dead letter or a quarantined event away, or erased one, or an event that waited on a gateway's disk. */
interface Discarded {
  readonly kind: 'discarded';
  readonly group: FactGroup;
  readonly id: string;
  readonly from: 'dead letters' | 'quarantine' | 'spool';
  readonly by: string;
  readonly why?: string;
}

/** A dead letter or quarantined event was removed by a limit of age or size. */
interface Expired {
  readonly kind: 'expired';
  readonly group: FactGroup;
  readonly id: string;
  readonly limit: string;
}

/** An operator sent a dead letter or a quarantined event again. */
interface Replayed {
  readonly kind: 'replayed';
  readonly group: FactGroup;
  readonly id: string;
  /** Its id from now on, if that is another one. */
  readonly as?: string;
  readonly by: string;
}

/** A routing key. */
interface KeyReference {
  readonly group: FactGroup;
  readonly key: string;
  readonly digest?: string;
}

interface KeyParked extends KeyReference {
  readonly kind: 'key-parked';
  readonly lane: number;
  readonly siding: number;
}

interface KeyReturned extends KeyReference {
  readonly kind: 'key-returned';
  readonly lane: number;
}

/** Throttled for the first time since a message of this key was last delivered. */
interface KeyThrottled extends KeyReference {
  readonly kind: 'key-throttled';
}

/** A destination counts as unreachable (`open`), or no longer. */
interface CircuitChanged {
  readonly kind: 'circuit';
  readonly group: FactGroup;
  /** Of webhooks, whose destinations fail one by one; all events have the same one. */
  readonly destination?: string;
  readonly state: 'open' | 'closed';
}

/** How the gateway stores events: in RabbitMQ (`direct`), or on its disk first. */
interface SpoolMode {
  readonly kind: 'spool-mode';
  readonly mode: string;
  readonly cause?: string;
}

interface LaneTaken {
  readonly kind: 'lane-taken';
  readonly group: FactGroup;
  readonly lane: number;
}

interface LaneReleased {
  readonly kind: 'lane-released';
  readonly group: FactGroup;
  readonly lane: number;
}

/** Log entries that were read from PagerDuty. */
interface Polled {
  readonly kind: 'polled';
  /** The window; milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly entries: number;
  /** How far the end of the window is behind now; milliseconds. */
  readonly lag: number;
}

interface DestinationPaused {
  readonly kind: 'destination-paused' | 'destination-resumed';
  readonly destination: string;
  /** The operator; absent if it was paused because it answered that it is gone. */
  readonly by?: string;
}

/** The first fact of a process, and the last one if it was not killed. */
interface ProcessStarted {
  readonly kind: 'started' | 'stopped';
  readonly version: string;
}

/** What an operator did, other than what has a fact of its own. */
interface OperatorAction {
  readonly kind: 'operator-action';
  readonly by: string;
  readonly action: string;
  readonly target: string;
}

/** The process dropped facts, because RabbitMQ did not take them and its memory for them was full. */
interface Gap {
  readonly kind: 'gap';
  readonly facts: number;
  /** Of the first and the last of them. */
  readonly from: number;
  readonly to: number;
}

/** What these messages' other facts say about persons must not be shown or kept any more. */
interface Erased {
  readonly kind: 'erased';
  readonly by: string;
  /** Of the message ids: `erasureDigestOf`. */
  readonly digests: readonly string[];
}

type Content =
  | Accepted
  | Attempted
  | Delivered
  | Repeated
  | DeadLettered
  | Quarantined
  | Discarded
  | Expired
  | Replayed
  | KeyParked
  | KeyReturned
  | KeyThrottled
  | CircuitChanged
  | SpoolMode
  | LaneTaken
  | LaneReleased
  | Polled
  | DestinationPaused
  | ProcessStarted
  | OperatorAction
  | Gap
  | Erased;

/** What happened, at which time by the clock of its process (milliseconds since 1970). */
export type Fact = Content & { readonly at: number };
export type FactKind = Fact['kind'];
export type FactOf<Kind extends FactKind> = Fact & { readonly kind: Kind };

/** A fact of a newer release: kept and shown, but not understood. */
export interface UnknownFact {
  readonly kind: 'unknown';
  readonly at: number;
  /** The complete object, as it was written. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** Which process wrote a fact. */
export interface FactSource {
  /** For example `delivery-worker`. */
  readonly service: string;
  readonly host: string;
  /** A UUID, new at each start of the process. */
  readonly instance: string;
}

/** What services record facts with. */
export interface FactRecorder {
  /** Takes microseconds and never throws; `at` is added. A fact may be lost: delivery never waits for the journal. */
  record(content: Content): void;
}

export type FactContent = Content;

/** For processes without a journal. */
export const NO_JOURNAL: FactRecorder = { record: () => undefined };
