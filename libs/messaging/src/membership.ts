import { type Channel } from 'amqplib';
import { createHash, randomUUID } from 'node:crypto';
import { type Announcement, announcementOf } from './announcement';
import { STATUS_EXCHANGE } from './topology';

const ANNOUNCE_EVERY_MS = 2_000;
/** A worker that has not heard itself announces itself so often: its first words may have come before its connection. */
const TRY_EVERY_MS = 250;
/** A worker that was not heard for so long is gone. */
const GONE_AFTER_MS = 6_000;
/** Who does not hear itself for so long hears nobody: the broker is in alarm, or our way to it is cut. */
const DEAF_AFTER_MS = 3_000;
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
}

interface Peer {
  /** When it was heard last; milliseconds since 1970. */
  readonly heardAt: number;
  readonly lanes: ReadonlySet<number>;
}

/**
 * Who works beside us, by what workers announce on the status exchange. It only balances; safety never rests on it.
 * Everyone hears its own announcements too: while it does not, nobody else's can be missed either, and what was known of the
 * others stays as it was.
 */
export class Membership {
  readonly self = randomUUID();
  readonly #options: MembershipOptions;
  readonly #heard = new Map<string, Peer>();
  /** When we last heard ourselves; milliseconds since 1970. */
  #echoAt = 0;
  #knowsOthers = false;
  #beating: NodeJS.Timeout | undefined;
  #listening: NodeJS.Timeout | undefined;
  #announcedAt = 0;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Listens on a queue of its own, then announces itself, asking the others to do the same at once. */
  async join(channel: Channel): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
    await channel.bindQueue(queue, STATUS_EXCHANGE, '');
    await channel.consume(queue, (delivery) => delivery && this.#hear(delivery.content), { noAck: true });
    this.#echoAt = 0;
    this.#say(true);
    clearInterval(this.#beating);
    this.#beating = setInterval(() => this.#beat(), TRY_EVERY_MS);
  }

  leave(): void {
    clearInterval(this.#beating);
    clearTimeout(this.#listening);
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
  isWorkedInstead(lane: number): boolean {
    const mine = weight(this.self, lane);
    return [...this.#heard].some(([member, { lanes }]) => lanes.has(lane) && weight(member, lane) > mine);
  }

  #beat(): void {
    const now = Date.now();
    const isDeaf = now - this.#echoAt > DEAF_AFTER_MS;
    if (isDeaf || now - this.#announcedAt >= ANNOUNCE_EVERY_MS) this.#say(isDeaf);
    if (isDeaf) return;
    const gone = [...this.#heard].filter(([, { heardAt }]) => now - heardAt > GONE_AFTER_MS);
    for (const [member] of gone) this.#heard.delete(member);
    if (gone.length > 0) this.#options.changed();
  }

  #say(asks: boolean): void {
    this.#announcedAt = Date.now();
    const { group, owned } = this.#options;
    const announcement: Announcement = { kind: 'here', member: this.self, group, asks, lanes: [...owned()] };
    this.#options.announce(Buffer.from(JSON.stringify(announcement)));
  }

  #hear(content: Buffer): void {
    const announcement = announcementOf(content);
    if (announcement === undefined || announcement.group !== this.#options.group) return;
    const { member } = announcement;
    if (member === this.self) return this.#heardOurselves();
    const known = this.#heard.has(member);
    if (announcement.kind === 'gone') {
      this.#heard.delete(member);
      if (known) this.#options.changed();
      return;
    }
    this.#heard.set(member, { heardAt: Date.now(), lanes: new Set(announcement.lanes) });
    if (announcement.asks) this.#say(false);
    if (!known && this.#knowsOthers) this.#options.changed();
  }

  #heardOurselves(): void {
    const now = Date.now();
    // Nobody could be heard meanwhile: everyone has time anew.
    if (now - this.#echoAt > DEAF_AFTER_MS) {
      for (const [member, peer] of this.#heard) this.#heard.set(member, { ...peer, heardAt: now });
    }
    this.#echoAt = now;
    if (this.#knowsOthers || this.#listening !== undefined) return;
    this.#listening = setTimeout(() => {
      this.#knowsOthers = true;
      this.#options.changed();
    }, LISTEN_FIRST_MS).unref();
  }
}

function weight(member: string, lane: number): number {
  return createHash('sha1').update(`${member} ${lane}`).digest().readUIntBE(0, 6);
}
