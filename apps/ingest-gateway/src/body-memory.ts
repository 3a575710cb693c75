import { type Clock, every } from '@pdaltagent/clock';

const MIB = 1024 * 1024;

/** Bodies up to this size have room that larger ones cannot take: nearly all events are far smaller. */
export const SMALL_BODY_BYTES = 64 * 1024;

export const BODY_MEMORY = {
  /** Bodies that are being read, inflated or published: small ones, and larger ones. */
  smallBytes: 32 * MIB,
  largeBytes: 32 * MIB,
};

/** What one client may hold of either room; much, as all senders may come through one proxy. */
const CLIENT_SHARE = 3 / 4;
const LOOK_MS = 1_000;
/** Looks after which a body has to have come at the minimum rate, on average. */
const GRACE_LOOKS = 5;
const MINIMUM_BYTES_PER_LOOK = 4 * 1024;
/** Looks after which a body that is still coming may have to give its room to another: a second, at least. */
const EVICTABLE_LOOKS = 2;

/** Why a body is not read any further: it comes too slowly, or others need its room. */
export type BodyEnd = 'too-slow' | 'evicted';

/**
 * The memory for bodies. Whatever number of clients send slowly, one that sends at a normal speed gets room: small bodies
 * have a room of their own, no client gets more than its share, and what still comes after a second gives its room to others.
 */
export class BodyMemory {
  readonly #small: Room;
  readonly #large: Room;
  /** Bodies that are still coming, the oldest first. */
  readonly #coming = new Set<HeldBody>();

  constructor({ smallBytes, largeBytes } = BODY_MEMORY) {
    this.#small = new Room(smallBytes);
    this.#large = new Room(largeBytes);
  }

  /**
   * A place for a body; to be released once nothing of it is needed.
   * @param client its sender's address
   * @param announcedBytes its length as far as it is known
   */
  open(client: string, announcedBytes: number): HeldBody {
    return new HeldBody(client, announcedBytes > SMALL_BODY_BYTES, this);
  }

  /** A body begins to come. */
  begun(body: HeldBody): void {
    this.#coming.add(body);
  }

  /** Looks at what is coming every second, until the result is called. Counts looks, not time: nobody is slow because this process was stopped. */
  watch(clock: Clock): () => void {
    return every(clock, LOOK_MS, () => this.#look());
  }

  /** Takes room for a body; false if there is none, even after bodies that come slowly have given theirs. */
  take(body: HeldBody, bytes: number): boolean {
    const room = this.#roomOf(body.isLarge);
    for (;;) {
      const lack = room.lackFor(body.client, bytes);
      if (lack === undefined) break;
      const slow = this.#slowest(body.isLarge, lack === 'share' ? body.client : undefined);
      if (slow === undefined || slow === body) return false;
      slow.end('evicted');
    }
    room.add(body.client, bytes);
    return true;
  }

  give({ client, isLarge }: HeldBody, bytes: number): void {
    this.#roomOf(isLarge).add(client, -bytes);
  }

  /** A body has come whole, or will not. */
  settled(body: HeldBody): void {
    this.#coming.delete(body);
  }

  #roomOf(isLarge: boolean): Room {
    return isLarge ? this.#large : this.#small;
  }

  #slowest(isLarge: boolean, client: string | undefined): HeldBody | undefined {
    for (const body of this.#coming) {
      if (body.looks < EVICTABLE_LOOKS) return undefined;
      if (body.isLarge === isLarge && body.bytes > 0 && (client === undefined || body.client === client)) return body;
    }
    return undefined;
  }

  #look(): void {
    for (const body of this.#coming) {
      body.looks += 1;
      if (body.looks > GRACE_LOOKS && body.bytes < body.looks * MINIMUM_BYTES_PER_LOOK) body.end('too-slow');
    }
  }
}

/** One body's place in the memory. */
export class HeldBody {
  readonly client: string;
  /** How often it was looked at since it began to come. */
  looks = 0;
  #bytes = 0;
  #isLarge: boolean;
  readonly #memory: BodyMemory;
  #ended: (why: BodyEnd) => void = () => undefined;

  constructor(client: string, isLarge: boolean, memory: BodyMemory) {
    this.client = client;
    this.#isLarge = isLarge;
    this.#memory = memory;
  }

  /** It begins to come. @param ended called if it must not be read any further; what it held is released by then */
  coming(ended: (why: BodyEnd) => void): void {
    this.#ended = ended;
    this.#memory.begun(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** Takes room for more bytes; false if there is none. One that outgrows the small ones moves to the large ones. */
  hold(bytes: number): boolean {
    if (!this.#isLarge && this.#bytes + bytes > SMALL_BODY_BYTES) {
      const before = this.#bytes;
      this.giveBack(before);
      this.#isLarge = true;
      return this.hold(before + bytes);
    }
    if (!this.#memory.take(this, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#memory.give(this, bytes);
    this.#bytes -= bytes;
  }

  /** All of it has come: it does not give its room to others any more. */
  whole(): void {
    this.#memory.settled(this);
  }

  release(): void {
    this.#memory.settled(this);
    this.giveBack(this.#bytes);
  }

  end(why: BodyEnd): void {
    this.release();
    this.#ended(why);
  }
}

/** Bytes that are held, in all and by each client. */
class Room {
  readonly #maximum: number;
  readonly #ofClient = new Map<string, number>();
  #held = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** What keeps a client from taking bytes. */
  lackFor(client: string, bytes: number): 'share' | 'room' | undefined {
    if ((this.#ofClient.get(client) ?? 0) + bytes > this.#maximum * CLIENT_SHARE) return 'share';
    return this.#held + bytes > this.#maximum ? 'room' : undefined;
  }

  add(client: string, bytes: number): void {
    this.#held += bytes;
    const held = (this.#ofClient.get(client) ?? 0) + bytes;
    if (held === 0) this.#ofClient.delete(client);
    else this.#ofClient.set(client, held);
  }
}
