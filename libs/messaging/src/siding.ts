import { type Clock, delay, type Random, uuid } from '@pdaltagent/clock';
import { type ConsumeMessage } from 'amqplib';
import { type UnackedMessage } from './lane-channel';
import { toProperties } from './message';
import { isOwnMessage, tableMessage } from './parking-table';
import { type Publication, type QueuePublisher } from './queue-publisher';

export interface SidingPorts {
  readonly publisher: Pick<QueuePublisher, 'send' | 'withdraw' | 'isStuck'>;
  readonly ackDelivery: (delivery: ConsumeMessage) => void;
  /** Its copy is in the siding: the original has been acknowledged, and is no longer held unless it is being delivered. */
  readonly onMoved: (message: UnackedMessage) => void;
  /** Whether it is being delivered. */
  readonly isAdmitted: (message: UnackedMessage) => boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** A mark that is in the siding comes back at once, unless an older worker consumes the siding: it takes marks for dead letters. */
const MARK_LOST_AFTER_MS = 5_000;

/** How long a release waits for copies of messages that were settled: an alarm may delay them for hours. */
const COPIES_TIMEOUT_MS = 2_000;
const RECHECK_MS = 50;

/** A copy that comes later, if at all, is not worth waiting for: the channel over which it was sent may have failed. */
const COPY_EXPECTED_MS = 10_000;

/** A queue that answers delivers a mark sooner, also if the machine is busy. To share a siding too early is worse: its keys delay each other. */
const SILENT_AFTER_MS = 5_000;

/** A message on its way to the siding. */
interface Move {
  readonly publication: Publication;
  /** Its deliveries from the lane. */
  readonly originals: readonly ConsumeMessage[];
  isSent: boolean;
}

/** A second queue of a lane, to which the messages of parked keys move. It may have those of several keys. */
export class Siding {
  readonly #ports: SidingPorts;
  readonly #moves = new Map<UnackedMessage, Move>();
  /** By routing key: the id of the last copy that was confirmed, until it comes back. */
  readonly #last = new Map<string, string>();
  /** Copies of messages that are also being delivered; when these were settled, if they were (monotonic). */
  readonly #doubles = new Map<string, number | undefined>();
  /** Held as long as the siding is in use, so that the next owner receives something, and sees that it is active. */
  #mark: ConsumeMessage | undefined;
  /** When the mark arrived; monotonic. */
  markedAt = Number.POSITIVE_INFINITY;
  /** The mark that is on its way. */
  #markSent: string | undefined;
  /** Since when one is to come back; monotonic. */
  #awaitsMarkSince: number | undefined;
  /** Since when it is in the siding; monotonic. */
  #markConfirmedAt = Number.POSITIVE_INFINITY;
  #onLearned: () => void = () => undefined;
  /** We consume it, or wait for it. */
  isOpen = false;
  /** Everything that was in it when we took the lane has been delivered to us. */
  isKnown = false;
  /** Number of messages that it has delivered. */
  delivered = 0;

  constructor(
    readonly index: number,
    readonly queue: string,
    ports: SidingPorts,
  ) {
    this.#ports = ports;
  }

  get hasMark(): boolean {
    return this.#mark !== undefined;
  }

  /** Whether it has no mark, and has not delivered the one that was requested. */
  get isSilent(): boolean {
    const since = this.#awaitsMarkSince;
    return !this.hasMark && since !== undefined && this.#ports.clock.monotonic() - since >= SILENT_AFTER_MS;
  }

  get isStuck(): boolean {
    return this.#ports.publisher.isStuck;
  }

  /** Resolves once the siding has delivered an event of this lane, or a mark that this owner wrote before any. */
  whenLearned(): Promise<void> {
    return new Promise((resolve) => (this.#onLearned = resolve));
  }

  /** An event of this lane was delivered from here. */
  learned(): void {
    this.#onLearned();
  }

  /** Handles a delivery that is a mark, or a copy of a message that was settled before. */
  take(delivery: ConsumeMessage): boolean {
    this.delivered += 1;
    const id = String(delivery.properties.messageId);
    if (isOwnMessage(delivery)) {
      this.releaseMark();
      this.#mark = delivery;
      this.#awaitsMarkSince = undefined;
      this.markedAt = this.#ports.clock.monotonic();
      if (id === this.#markSent) {
        this.#markSent = undefined;
        this.#markConfirmedAt = Number.POSITIVE_INFINITY;
        this.#onOwnReturned();
        // That of a former owner may be before its events.
        this.learned();
      }
      return true;
    }
    for (const [message, move] of this.#moves) if (message.id === id && move.isSent) this.#complete(message, move);
    for (const [key, last] of this.#last) if (last === id) this.#onLastReturned(key);
    const isSettled = this.#doubles.get(id) !== undefined;
    this.#doubles.delete(id);
    if (isSettled) this.#ports.ackDelivery(delivery);
    return isSettled;
  }

  /** Publishes a mark, unless there is one, or one is on its way. */
  requestMark(): void {
    if (!this.hasMark) this.requestNewMark();
  }

  /** Publishes a mark, which shows that everything before it was delivered once it comes back. */
  requestNewMark(): void {
    if (this.#markSent !== undefined) return;
    const id = uuid(this.#ports.random);
    this.#markSent = id;
    this.#awaitsMarkSince ??= this.#ports.clock.monotonic();
    this.#markConfirmedAt = Number.POSITIVE_INFINITY;
    const onConfirmed = (): void => {
      if (id === this.#markSent) this.#markConfirmedAt = this.#ports.clock.monotonic();
    };
    this.#ports.publisher.send({ ...tableMessage(id), onConfirmed });
  }

  /** To be called several times a second while the siding would deliver a mark. */
  renewLostMark(): void {
    if (this.#ports.clock.monotonic() - this.#markConfirmedAt < MARK_LOST_AFTER_MS) return;
    this.#markSent = undefined;
    this.requestNewMark();
  }

  releaseMark(): void {
    if (this.#mark !== undefined) this.#ports.ackDelivery(this.#mark);
    this.#mark = undefined;
    this.markedAt = Number.POSITIVE_INFINITY;
  }

  /** Publishes a message here, after those of its key that are here already, and acknowledges it in the lane. */
  move(message: UnackedMessage): void {
    const { publisher, isAdmitted } = this.#ports;
    const { id, routingKey, body, deliveries } = message;
    const publication = {
      body,
      properties: toProperties({ ...message, maybeDuplicate: true }),
      onSent: () => {
        move.isSent = true;
        if (isAdmitted(message)) this.#doubles.set(id, undefined);
      },
      onConfirmed: () => {
        this.#last.set(routingKey, id);
        this.#finish(message, move);
      },
    };
    const move: Move = { publication, originals: [...deliveries], isSent: false };
    this.#moves.set(message, move);
    publisher.send(publication);
  }

  /** Whether copies of messages that were settled are probably still on their way back. */
  get hasSettledCopies(): boolean {
    const since = this.#ports.clock.monotonic() - COPY_EXPECTED_MS;
    return [...this.#doubles.values()].some((settledAt) => settledAt !== undefined && settledAt > since);
  }

  /** The message was settled, whether or not its copy is on its way. */
  onSettled(message: UnackedMessage): void {
    const move = this.#moves.get(message);
    if (move !== undefined) this.#withdraw([[message, move]]);
    if (this.#doubles.has(message.id)) this.#doubles.set(message.id, this.#ports.clock.monotonic());
  }

  /** Whether messages of the key are here that have not come back. */
  isAwaiting(routingKey: string): boolean {
    return this.#last.has(routingKey);
  }

  /** Those of the key that are not confirmed yet, in order, are not moved after all. Their copies may arrive nevertheless. */
  giveBack(routingKey: string): readonly UnackedMessage[] {
    const moves = [...this.#moves].filter(([message]) => message.routingKey === routingKey);
    this.#withdraw(moves);
    for (const [{ id }, { isSent }] of moves) if (isSent) this.#doubles.set(id, undefined);
    return moves.map(([message]) => message);
  }

  get hasMoves(): boolean {
    return this.#moves.size > 0;
  }

  hasMovesOf(routingKey: string): boolean {
    for (const message of this.#moves.keys()) if (message.routingKey === routingKey) return true;
    return false;
  }

  #onLastReturned(routingKey: string): void {
    this.#last.delete(routingKey);
    this.#onOwnReturned();
  }

  /** Something that we have published came back, and everything before it came earlier. */
  #onOwnReturned(): void {
    this.isKnown = true;
  }

  /** The copy is here, whether or not that was confirmed. */
  #complete(message: UnackedMessage, move: Move): void {
    this.#onOwnReturned();
    this.#ports.publisher.withdraw(new Set([move.publication]));
    this.#finish(message, move);
  }

  /** The original leaves the lane, now that its copy and those before it are in the siding: invariant I2. */
  #finish(message: UnackedMessage, { originals }: Move): void {
    this.#moves.delete(message);
    for (const original of originals) {
      message.deliveries.delete(original);
      this.#ports.ackDelivery(original);
    }
    this.#ports.onMoved(message);
  }

  #withdraw(moves: readonly (readonly [UnackedMessage, Move])[]): void {
    for (const [message] of moves) this.#moves.delete(message);
    this.#ports.publisher.withdraw(new Set(moves.map(([, { publication }]) => publication)));
  }
}

/** Settles once no copies of settled messages are probably on their way, or soon: without Redis the next owner would deliver them again. */
export async function whenCopiesReturned(sidings: readonly Siding[], clock: Clock): Promise<void> {
  const until = clock.monotonic() + COPIES_TIMEOUT_MS;
  while (sidings.some(({ hasSettledCopies }) => hasSettledCopies) && clock.monotonic() < until)
    await delay(clock, RECHECK_MS);
}
