import { type Clock, every, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';
import { type Channel } from 'amqplib';
import { createHash } from 'node:crypto';
import { type Announcement, announcementOf, type ParkedByLane } from './announcement';
import { STATUS_EXCHANGE } from './topology';

const ANNOUNCE_EVERY_MS = 2_000;
/** How often a worker that has not received its own announcement repeats it: the first may precede its connection. */
const HEARTBEAT_EVERY_MS = 250;
/** A worker that has not announced itself for this long counts as gone. */
const GONE_AFTER_MS = 6_000;
/** After this long without its own announcements, a worker assumes that it receives none (an alarm, a broken connection). */
const ECHO_LOST_AFTER_MS = 3_000;
/** Lanes are subscribed to one after another: they are announced together. */
const ANNOUNCE_SOON_MS = 50;
/** How long a new worker listens, from its own first announcement received, before it knows its peers. */
const LISTEN_FIRST_MS = 500;
/** How long keys that an older worker has parked may be missing in tables after it was last heard. */
const OLDER_WORKER_MATTERS_MS = 10 * 60_000;

export interface MembershipOptions {
  /** Only workers of one group share lanes. */
  readonly group: string;
  /** Sends one announcement to all workers; a failure does not matter, the next one follows. */
  readonly announce: (body: Buffer) => void;
  /** Workers came or left, or others consume other lanes. */
  readonly onChange: () => void;
  /** The lanes that we consume, as active consumer or waiting. */
  readonly consumed: () => Iterable<number>;
  /** Reported to commands. */
  readonly parked: () => ParkedByLane;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

interface Peer {
  /** When its last announcement arrived, on our own monotonic clock: other hosts' clocks are not trusted. */
  readonly announcedAt: number;
  /** The same, or when announcements could arrive again. */
  readonly heardAt: number;
  readonly lanes: ReadonlySet<number>;
}

/**
 * Which other workers exist, from their announcements on the status exchange. Used for balancing only, never for
 * safety. Every worker also receives its own announcements: while it does not, it does not expect those of others
 * either and keeps what it knew about them.
 */
export class Membership {
  readonly self: string;
  readonly #options: MembershipOptions;
  readonly #clock: Clock;
  readonly #heard = new Map<string, Peer>();
  /** When we last received our own announcement. */
  #echoAt = Number.NEGATIVE_INFINITY;
  #knowsOthers = false;
  #stopHeartbeat: () => void = () => undefined;
  #stopListening: (() => void) | undefined;
  #cancelSoon: (() => void) | undefined;
  #announcedAt = Number.NEGATIVE_INFINITY;
  /** When a worker of a version without tables was last heard, by us or, before we were there, by another one. */
  #olderHeardAt = Number.NEGATIVE_INFINITY;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.self = uuid(options.random ?? SYSTEM_RANDOM);
  }

  /** Listens on an exclusive queue, then announces itself and asks the others to do so at once. */
  async join(channel: Pick<Channel, 'assertQueue' | 'bindQueue' | 'consume'>): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
    await channel.bindQueue(queue, STATUS_EXCHANGE, '');
    await channel.consume(queue, (delivery) => delivery && this.#onAnnouncement(delivery.content), { noAck: true });
    this.#echoAt = Number.NEGATIVE_INFINITY;
    this.#announce(true);
    this.#stopHeartbeat();
    this.#stopHeartbeat = every(this.#clock, HEARTBEAT_EVERY_MS, () => this.#heartbeat());
  }

  leave(): void {
    this.#stopHeartbeat();
    this.#stopListening?.();
    this.#cancelSoon?.();
    const { group } = this.#options;
    this.#options.announce(Buffer.from(JSON.stringify({ kind: 'gone', member: this.self, group })));
  }

  /**
   * Whether the lane is ours among the known workers. Rendezvous hashing, so that a change moves as few lanes as
   * possible. None is ours before we know the other workers.
   */
  isMine(lane: number): boolean {
    if (!this.#knowsOthers) return false;
    const mine = weight(this.self, lane);
    for (const member of this.#heard.keys()) if (member !== this.self && weight(member, lane) > mine) return false;
    return true;
  }

  /**
   * Whether a worker with a higher weight for the lane has announced that it consumes it.
   * @param since on our monotonic clock: what was announced before does not count
   */
  hasBetterOwner(lane: number, since: number): boolean {
    const mine = weight(this.self, lane);
    return [...this.#heard].some(
      ([member, { announcedAt, lanes }]) => announcedAt > since && lanes.has(lane) && weight(member, lane) > mine,
    );
  }

  /** Whether a lane's last owner may have been a worker of a version without tables. */
  get hasHeardOlder(): boolean {
    return this.#clock.monotonic() - this.#olderHeardAt < OLDER_WORKER_MATTERS_MS;
  }

  /** Announces what we consume in a moment, with what changes until then. */
  announceSoon(): void {
    this.#cancelSoon ??= this.#clock.after(ANNOUNCE_SOON_MS, () => this.#announce(false));
  }

  #heartbeat(): void {
    const now = this.#clock.monotonic();
    const isEchoLost = now - this.#echoAt > ECHO_LOST_AFTER_MS;
    if (isEchoLost || now - this.#announcedAt >= ANNOUNCE_EVERY_MS) this.#announce(isEchoLost);
    if (isEchoLost) return;
    const missing = [...this.#heard].filter(([, { heardAt }]) => now - heardAt > GONE_AFTER_MS);
    for (const [member] of missing) this.#heard.delete(member);
    if (missing.length > 0) this.#options.onChange();
  }

  #announce(asks: boolean): void {
    this.#announcedAt = this.#clock.monotonic();
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    const { group, consumed, parked } = this.#options;
    const lanes = [...consumed()];
    const announcement: Announcement = {
      kind: 'here',
      member: this.self,
      group,
      asks,
      lanes,
      tables: true,
      ...(this.hasHeardOlder && { olderHeardMs: this.#announcedAt - this.#olderHeardAt }),
      parked: parked(),
    };
    this.#options.announce(Buffer.from(JSON.stringify(announcement)));
  }

  #onAnnouncement(content: Buffer): void {
    const announcement = announcementOf(content);
    if (announcement === undefined || announcement.group !== this.#options.group) return;
    const { member } = announcement;
    if (member === this.self) return this.#receivedEcho();
    const known = this.#heard.get(member);
    if (announcement.kind === 'gone') {
      this.#heard.delete(member);
      if (known !== undefined) this.#options.onChange();
      return;
    }
    const now = this.#clock.monotonic();
    const lanes = new Set(announcement.lanes);
    this.#heard.set(member, { announcedAt: now, heardAt: now, lanes });
    if (!announcement.tables) this.#olderHeardAt = now;
    // Once only: what passes to and fro would never become old.
    else if (announcement.olderHeardMs !== undefined && this.#olderHeardAt === Number.NEGATIVE_INFINITY)
      this.#olderHeardAt = now - announcement.olderHeardMs;
    if (announcement.asks) this.#announce(false);
    const isChanged = known?.lanes.size !== lanes.size || announcement.lanes.some((lane) => !known.lanes.has(lane));
    if (isChanged && this.#knowsOthers) this.#options.onChange();
  }

  #receivedEcho(): void {
    const now = this.#clock.monotonic();
    // Nobody's announcements could arrive meanwhile: every timeout starts again.
    if (now - this.#echoAt > ECHO_LOST_AFTER_MS) {
      for (const [member, peer] of this.#heard) this.#heard.set(member, { ...peer, heardAt: now });
    }
    this.#echoAt = now;
    if (this.#knowsOthers || this.#stopListening !== undefined) return;
    this.#stopListening = this.#clock.after(LISTEN_FIRST_MS, () => {
      this.#knowsOthers = true;
      this.#options.onChange();
    });
  }
}

function weight(member: string, lane: number): number {
  return createHash('sha1').update(`${member} ${lane}`).digest().readUIntBE(0, 6);
}
