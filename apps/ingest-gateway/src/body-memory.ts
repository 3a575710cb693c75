import { type Clock, every } from '@pdaltagent/clock';
import { BytePool } from './byte-pool';

const MIB = 1024 * 1024;

/** Bodies up to this size have a memory pool that larger ones cannot use: nearly all events are far smaller. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** Memory for bodies, with the headers of their requests, that are being read, inflated or published: small ones, and larger ones. */
export const BODY_MEMORY = { smallBytes: 32 * MIB, largeBytes: 32 * MIB };

const CHECK_MS = 1_000;
/** Checks after which a body must have arrived at the minimum rate, on average. */
const GRACE_CHECKS = 5;
const MINIMUM_BYTES_PER_CHECK = 4 * 1024;
/** Checks after which an unfinished body may be evicted: it has been arriving for over a second. */
const EVICTABLE_CHECKS = 2;

/** Why reading a body was aborted: it arrives too slowly, or another one needs its memory. */
export type AbortReason = 'too-slow' | 'evicted';

/**
 * Memory for bodies. However many clients upload slowly, there is memory for others: small bodies have their own pool, a client
 * gets no more than its share, and a body that is unfinished after a second is evicted if another one needs memory.
 */
export class BodyMemory {
  readonly #small: BytePool;
  readonly #large: BytePool;
  /** Oldest first. */
  readonly #unfinished = new Set<BodyReservation>();

  constructor({ smallBytes, largeBytes } = BODY_MEMORY) {
    this.#small = new BytePool(smallBytes);
    this.#large = new BytePool(largeBytes);
  }

  /**
   * A reservation for one body, initially empty. The caller releases it once the body is not needed any more.
   * @param client the address of its sender
   * @param declaredBytes its Content-Length, or 0 if it has none
   */
  reserve(client: string, declaredBytes: number): BodyReservation {
    return new BodyReservation(client, declaredBytes > SMALL_BODY_BYTES, this);
  }

  /**
   * Checks every second how fast unfinished bodies arrive, until the result is called. It counts checks rather than measuring
   * time, so that no body counts as slow because this process was paused.
   */
  watch(clock: Clock): () => void {
    return every(clock, CHECK_MS, () => this.#check());
  }

  track(body: BodyReservation): void {
    this.#unfinished.add(body);
  }

  untrack(body: BodyReservation): void {
    this.#unfinished.delete(body);
  }

  /** Allocates memory for a body, evicting slow ones if necessary; false if there is none. */
  allocate(body: BodyReservation, bytes: number): boolean {
    const pool = this.#poolOf(body);
    for (;;) {
      const shortage = pool.shortageFor(body.client, bytes);
      if (shortage === undefined) break;
      const slow = this.#slowest(body.isLarge, shortage === 'share' ? body.client : undefined);
      if (slow === undefined || slow === body) return false;
      slow.abort('evicted');
    }
    pool.add(body.client, bytes);
    return true;
  }

  free(body: BodyReservation, bytes: number): void {
    this.#poolOf(body).add(body.client, -bytes);
  }

  #poolOf({ isLarge }: BodyReservation): BytePool {
    return isLarge ? this.#large : this.#small;
  }

  /** @param client only bodies of this client; undefined: of any */
  #slowest(isLarge: boolean, client: string | undefined): BodyReservation | undefined {
    for (const body of this.#unfinished) {
      if (body.checks < EVICTABLE_CHECKS) return undefined;
      if (body.isLarge === isLarge && body.bytes > 0 && (client === undefined || body.client === client)) return body;
    }
    return undefined;
  }

  #check(): void {
    for (const body of this.#unfinished) {
      body.checks += 1;
      if (body.checks > GRACE_CHECKS && body.bodyBytes < body.checks * MINIMUM_BYTES_PER_CHECK) body.abort('too-slow');
    }
  }
}

/** The memory of one body, and of the headers of its request. */
export class BodyReservation {
  readonly client: string;
  /** Number of checks since it began to arrive. */
  checks = 0;
  #bytes = 0;
  #headerBytes = 0;
  #isLarge: boolean;
  readonly #memory: BodyMemory;
  #onAbort: (reason: AbortReason) => void = () => undefined;

  constructor(client: string, isLarge: boolean, memory: BodyMemory) {
    this.client = client;
    this.#isLarge = isLarge;
    this.#memory = memory;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Without the headers. */
  get bodyBytes(): number {
    return this.#bytes - this.#headerBytes;
  }

  get isLarge(): boolean {
    return this.#isLarge;
  }

  /** The body begins to arrive. @param onAbort called if reading must stop; its memory has been freed by then */
  begin(onAbort: (reason: AbortReason) => void): void {
    this.#onAbort = onAbort;
    this.#memory.track(this);
  }

  /** Allocates memory for the headers of the request, which are held as long as its body; false if there is none. */
  growForHeaders(bytes: number): boolean {
    if (!this.#memory.allocate(this, bytes)) return false;
    this.#bytes += bytes;
    this.#headerBytes += bytes;
    return true;
  }

  /** Allocates more memory; false if there is none. A body that becomes too large for the small pool moves to the large one. */
  grow(bytes: number): boolean {
    if (!this.#isLarge && this.bodyBytes + bytes > SMALL_BODY_BYTES) {
      const before = this.#bytes;
      this.shrink(before);
      this.#isLarge = true;
      return this.grow(before + bytes);
    }
    if (!this.#memory.allocate(this, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  shrink(bytes: number): void {
    this.#memory.free(this, bytes);
    this.#bytes -= bytes;
  }

  /** The body is complete: it will not be aborted. */
  complete(): void {
    this.#memory.untrack(this);
  }

  /** Frees all its memory; may be called repeatedly. */
  release(): void {
    this.#memory.untrack(this);
    this.shrink(this.#bytes);
    this.#headerBytes = 0;
  }

  abort(reason: AbortReason): void {
    this.release();
    this.#onAbort(reason);
  }
}
