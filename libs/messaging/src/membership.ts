import { type Channel } from 'amqplib';
import { createHash, randomUUID } from 'node:crypto';
import { STATUS_EXCHANGE } from './topology';

const ANNOUNCE_EVERY_MS = 2_000;
/** A worker that was not heard for so long is gone. */
const GONE_AFTER_MS = 6_000;

type Announcement =
  | { readonly kind: 'here'; readonly member: string; readonly group: string; readonly asks: boolean }
  | { readonly kind: 'gone'; readonly member: string; readonly group: string };

export interface MembershipOptions {
  /** Only workers of one group share lanes. */
  readonly group: string;
  /** Sends one announcement to all; failures are of no matter, the next one follows. */
  readonly announce: (body: Buffer) => void;
  readonly changed: () => void;
}

/** Who works beside us, by what workers announce on the status exchange. It only balances; safety never rests on it. */
export class Membership {
  readonly self = randomUUID();
  readonly #options: MembershipOptions;
  readonly #heard = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Listens on a queue of its own, then announces itself, asking the others to do the same at once. */
  async join(channel: Channel): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
    await channel.bindQueue(queue, STATUS_EXCHANGE, '');
    await channel.consume(queue, (delivery) => delivery && this.#hear(delivery.content), { noAck: true });
    this.#heard.clear();
    this.#say({ kind: 'here', member: this.self, group: this.#options.group, asks: true });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#beat(), ANNOUNCE_EVERY_MS);
  }

  leave(): void {
    clearInterval(this.#timer);
    this.#say({ kind: 'gone', member: this.self, group: this.#options.group });
  }

  /** The lane's worker among those heard: rendezvous hashing, so that a change moves as few lanes as can be. */
  isMine(lane: number): boolean {
    const mine = weight(this.self, lane);
    for (const member of this.#heard.keys()) if (member !== this.self && weight(member, lane) > mine) return false;
    return true;
  }

  #beat(): void {
    this.#say({ kind: 'here', member: this.self, group: this.#options.group, asks: false });
    const horizon = Date.now() - GONE_AFTER_MS;
    const gone = [...this.#heard].filter(([, heardAt]) => heardAt < horizon);
    for (const [member] of gone) this.#heard.delete(member);
    if (gone.length > 0) this.#options.changed();
  }

  #say(announcement: Announcement): void {
    this.#options.announce(Buffer.from(JSON.stringify(announcement)));
  }

  #hear(content: Buffer): void {
    const announcement = parse(content);
    if (announcement === undefined || announcement.group !== this.#options.group) return;
    const { member } = announcement;
    if (member === this.self) return;
    const known = this.#heard.has(member);
    if (announcement.kind === 'gone') {
      this.#heard.delete(member);
      if (known) this.#options.changed();
      return;
    }
    this.#heard.set(member, Date.now());
    if (announcement.asks) this.#say({ kind: 'here', member: this.self, group: this.#options.group, asks: false });
    if (!known) this.#options.changed();
  }
}

function weight(member: string, lane: number): number {
  return createHash('sha1').update(`${member} ${lane}`).digest().readUIntBE(0, 6);
}

export function parse(content: Buffer): Announcement | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('member' in value) || typeof value.member !== 'string') return undefined;
    if (!('group' in value) || typeof value.group !== 'string' || !('kind' in value)) return undefined;
    const { member, group } = value;
    if (value.kind === 'gone') return { kind: 'gone', member, group };
    return value.kind === 'here'
      ? { kind: 'here', member, group, asks: 'asks' in value && value.asks === true }
      : undefined;
  } catch {
    return undefined;
  }
}
