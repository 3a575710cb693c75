import { type Clock, every, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';
import { type Channel } from 'amqplib';
import { createHash } from 'node:crypto';
import { type Announcement, announcementOf } from './announcement';
import { STATUS_EXCHANGE } from './topology';

const ANNOUNCE_EVERY_MS = 2_000;
/** A worker that has not heard itself announces itself so often: its first words may have come before its connection. */
const HEARTBEAT_EVERY_MS = 250;
/** A worker that was not heard for so long is gone. */
const GONE_AFTER_MS = 6_000;
/** Who does not hear itself for so long hears nobody: the broker is in alarm, or our way to it is cut. */
const ECHO_LOST_AFTER_MS = 3_000;
/** How long a newcomer listens, from the moment in which it heard itself, before it knows who is there. */
const LISTEN_FIRST_MS = 500;

export interface MembershipOptions {
  /** Only workers of one group share lanes. */
  readonly group: string;
  /** Sends one announcement to all; failures are of no matter, the next one follows. */
  readonly announce: (body: Buffer) => void;
  readonly changed: () => void;
  /** The lanes that we consume, first in line or not. */
  readonly owned: () => Iterable<number>;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

interface Peer {
  /** When it was heard last, on our own monotonic clock: of another host's clock nothing is believed. */
  readonly heardAt: number;
  readonly lanes: ReadonlySet<number>;
}

/**
 * Who works beside us, by what workers announce on the status exchange. It only balances; safety never rests on it.
 * Everyone hears its own announcements too: while it does not, nobody else's can be missed either, and what was known of the
 * others stays as it was.
 */
export class Membership {
  readonly self: string;
  readonly #options: MembershipOptions;
  readonly #clock: Clock;
  readonly #heard = new Map<string, Peer>();
  /** When we last heard ourselves. */
  #echoAt = Number.NEGATIVE_INFINITY;
  #knowsOthers = false;
  #stopHeartbeat: () => void = () => undefined;
  #stopListening: (() => void) | undefined;
  #announcedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.self = uuid(options.random ?? SYSTEM_RANDOM);
  }

  /** Listens on a queue of its own, then announces itself, asking the others to do the same at once. */
  async join(channel: Pick<Channel, 'assertQueue' | 'bindQueue' | 'consume'>): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
    await channel.bindQueue(queue, STATUS_EXCHANGE, '');
    await channel.consume(queue, (delivery) => delivery && this.#received(delivery.content), { noAck: true });
    this.#echoAt = Number.NEGATIVE_INFINITY;
    this.#announce(true);
    this.#stopHeartbeat();
    this.#stopHeartbeat = every(this.#clock, HEARTBEAT_EVERY_MS, () => this.#heartbeat());
  }

  leave(): void {
    this.#stopHeartbeat();
    this.#stopListening?.();
    const { group } = this.#options;
    this.#options.announce(Buffer.from(JSON.stringify({ kind: 'gone', member: this.self, group })));
  }

  /**
   * The lane's worker among those heard: rendezvous hashing, so that a change moves as few lanes as can be. None is ours
   * before we know who else is there.
   */
  isMine(lane: number): boolean {
    if (!this.#knowsOthers) return false;
    const mine = weight(this.self, lane);
    for (const member of this.#heard.keys()) if (member !== this.self && weight(member, lane) > mine) return false;
    return true;
  }

  /** Whether a worker that has more right to the lane than we have consumes it. */
  hasBetterOwner(lane: number): boolean {
    const mine = weight(this.self, lane);
    return [...this.#heard].some(([member, { lanes }]) => lanes.has(lane) && weight(member, lane) > mine);
  }

  #heartbeat(): void {
    const now = this.#clock.monotonic();
    const echoLost = now - this.#echoAt > ECHO_LOST_AFTER_MS;
    if (echoLost || now - this.#announcedAt >= ANNOUNCE_EVERY_MS) this.#announce(echoLost);
    if (echoLost) return;
    const gone = [...this.#heard].filter(([, { heardAt }]) => now - heardAt > GONE_AFTER_MS);
    for (const [member] of gone) this.#heard.delete(member);
    if (gone.length > 0) this.#options.changed();
  }

  #announce(asks: boolean): void {
    this.#announcedAt = this.#clock.monotonic();
    const { group, owned } = this.#options;
    const announcement: Announcement = { kind: 'here', member: this.self, group, asks, lanes: [...owned()] };
    this.#options.announce(Buffer.from(JSON.stringify(announcement)));
  }

  #received(content: Buffer): void {
    const announcement = announcementOf(content);
    if (announcement === undefined || announcement.group !== this.#options.group) return;
    const { member } = announcement;
    if (member === this.self) return this.#receivedEcho();
    const known = this.#heard.has(member);
    if (announcement.kind === 'gone') {
      this.#heard.delete(member);
      if (known) this.#options.changed();
      return;
    }
    this.#heard.set(member, { heardAt: this.#clock.monotonic(), lanes: new Set(announcement.lanes) });
    if (announcement.asks) this.#announce(false);
    if (!known && this.#knowsOthers) this.#options.changed();
  }

  #receivedEcho(): void {
    const now = this.#clock.monotonic();
    // Nobody could be heard meanwhile: everyone has time anew.
    if (now - this.#echoAt > ECHO_LOST_AFTER_MS) {
      for (const [member, peer] of this.#heard) this.#heard.set(member, { ...peer, heardAt: now });
    }
    this.#echoAt = now;
    if (this.#knowsOthers || this.#stopListening !== undefined) return;
    this.#stopListening = this.#clock.after(LISTEN_FIRST_MS, () => {
      this.#knowsOthers = true;
      this.#options.changed();
    });
  }
}

function weight(member: string, lane: number): number {
  return createHash('sha1').update(`${member} ${lane}`).digest().readUIntBE(0, 6);
}
