import { type Clock } from '@pdaltagent/clock';
import { type Dispatcher } from '@pdaltagent/delivery';
import { type LaneChannel, type UnackedMessage } from './lane-channel';
import { type LaneTable } from './lane-table';
import { type LaneChange } from './lane-worker-options';
import { type Log } from './log';
import { type ParkedKeys } from './parking-table';
import { type PublishConnection } from './publish-connection';
import { type Siding } from './siding';

/** How long a lane's window must have been full before a key is parked. */
const BLOCKING_MS = 500;
/** After this long it does not matter any more whether PagerDuty seems to be unavailable: many failing keys look the same. */
const BLOCKING_ANYWAY_MS = 10_000;
/** How long a message must have waited, as a part of the time after which a request hangs: 500 ms, unless PagerDuty is slow for all. */
const WAITING_PART = 1 / 4;
/** The most parked keys: a table has about 15 KB then. */
const MAX_KEYS = 256;
/** How long nothing comes from a siding before the lane is taken again to see whether anything is left. */
const QUIET_MS = 2_000;
/** The table and the marks are renewed before the lane is released because of their age (ten minutes). */
const RENEW_AFTER_MS = 5 * 60_000;

export interface ParkingOptions {
  readonly index: number;
  readonly queue: string;
  readonly lane: LaneChannel;
  /** The most unacknowledged messages of a siding. */
  readonly sidingPrefetch: number;
  readonly sidings: readonly Siding[];
  readonly table: Pick<LaneTable, 'write' | 'isWriting' | 'heldSince'>;
  readonly dispatcher: Pick<
    Dispatcher<UnackedMessage>,
    'has' | 'isBusy' | 'isUnreachable' | 'waitsForSlot' | 'hangsAfterMs'
  >;
  readonly publishing: Pick<PublishConnection, 'accepts'>;
  /** Delivers a message of the lane. */
  readonly admit: (message: UnackedMessage) => void;
  /** A key was parked, or returned to the lane. */
  readonly onChange: (change: LaneChange) => void;
  /** Releases the lane, and takes it again. */
  readonly retake: () => void;
  readonly log: Log;
  readonly clock: Clock;
}

interface BlockingKey {
  readonly routingKey: string;
  /** Whether the broker accepts all its messages. */
  readonly isMovable: boolean;
}

interface ParkedKey {
  /** With messages of it; it moves to the last one. */
  readonly sidings: Siding[];
  /** Whether the table has it: before that, nothing is moved. */
  isWritten: boolean;
  readonly waiting: UnackedMessage[];
}

/**
 * Keeps the keys of a lane from blocking each other: moves the messages of those that fill its window to sidings, until they have
 * been delivered from there.
 */
export class Parking {
  readonly #options: ParkingOptions;
  readonly #parked = new Map<string, ParkedKey>();
  /** Those that the table names: they keep their marks. */
  #listed: ReadonlySet<Siding> = new Set();
  /** Since when the lane's window is full; monotonic. */
  #fullSince: number | undefined;
  /** Since when each key in it waits for something else than a slot; monotonic. */
  #slowSince: ReadonlyMap<string, number> = new Map();
  #isLearning = false;
  /** Whether every parked key is known: before that, a table would hide keys from the next owner. */
  #isComplete = false;
  /** Since when a siding seems to be drained, of which that is not known; monotonic. */
  #quietSince: number | undefined;
  /** Whether a key blocks the lane and cannot be parked, or its messages cannot be moved. */
  isSuspended = false;

  constructor(options: ParkingOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#parked.size;
  }

  /** Continues what the former owner of the lane began. @param isComplete false if more keys are adopted before `writeFirst` */
  begin(keys: ParkedKeys, isComplete: boolean): void {
    this.#isComplete = isComplete;
    for (const [key, indices] of keys) {
      const sidings = indices.flatMap((index) => this.#options.sidings[index] ?? []);
      if (sidings.length > 0) this.#parked.set(key, { sidings, isWritten: true, waiting: [] });
    }
    this.#listed = this.#used;
  }

  /** Handles a message from the lane: true if its key is parked, so that it is not delivered from there. */
  redirect(message: UnackedMessage): boolean {
    const parked = this.#parked.get(message.routingKey);
    if (parked === undefined) return false;
    if (parked.isWritten) parked.sidings.at(-1)?.move(message);
    else parked.waiting.push(message);
    return true;
  }

  /** A message to be delivered from a siding: its key is parked, also if the table does not have it. */
  adopt(routingKey: string, siding: Siding): void {
    const parked = this.#parked.get(routingKey);
    if (parked === undefined) this.#parked.set(routingKey, { sidings: [siding], isWritten: false, waiting: [] });
    else if (!parked.sidings.includes(siding)) parked.sidings.unshift(siding);
  }

  /** Writes what is known to the table for the first time. Resolves once it is there, or never. */
  writeFirst(): Promise<void> {
    this.#isComplete = true;
    return new Promise((resolve) => this.#write(new Map(), { onWritten: resolve }));
  }

  /** To be called several times a second. @param mayPark false while nothing can be attempted */
  check(mayPark: boolean): void {
    const now = this.#options.clock.monotonic();
    void this.#learn();
    this.#returnDrained();
    const blocking = mayPark ? this.#blocking(now) : [];
    const chosen = this.#choose(blocking);
    const { table, sidings } = this.#options;
    if (!this.#isComplete || table.isWriting) return;
    const used = this.#used;
    const isUnwritten = [...this.#parked.values()].some(({ isWritten }) => !isWritten);
    const isOutdated = [...this.#listed].some((siding) => !used.has(siding));
    const isOld = now - table.heldSince > RENEW_AFTER_MS;
    if (chosen.size > 0 || isUnwritten || isOutdated || isOld) return this.#write(chosen, { renewMarks: isOld });
    if (blocking.length > 0) return;
    for (const siding of sidings) if (!used.has(siding)) siding.releaseMark();
  }

  /**
   * Finds out which sidings have delivered everything that was in them when we took the lane. The broker sends a new active consumer
   * at once what there is, up to a window. If that was less, it was all; otherwise a mark that comes back shows it, or, while
   * none can be written, that less comes after the lane was taken again. No queue is asked how much is in it: invariant I8.
   */
  async #learn(): Promise<void> {
    const { lane, sidingPrefetch } = this.#options;
    const unknown = [...this.#used].filter(({ isKnown, delivered }) => !isKnown && delivered > 0);
    const large = unknown.filter(({ delivered }) => delivered >= sidingPrefetch);
    for (const siding of large) siding.requestNewMark();
    this.#retakeDrained(large);
    const small = unknown.filter(({ delivered }) => delivered < sidingPrefetch);
    if (small.length === 0 || this.#isLearning) return;
    this.#isLearning = true;
    try {
      await lane.roundTrip();
      for (const siding of small) siding.isKnown ||= siding.delivered < sidingPrefetch;
    } catch {
      // The lane was lost.
    } finally {
      this.#isLearning = false;
    }
  }

  #retakeDrained(large: readonly Siding[]): void {
    const { lane, clock, retake } = this.#options;
    // It may hold its mark.
    const isQuiet = large.some(({ queue, isStuck }) => isStuck && lane.countOf(queue) <= 1);
    this.#quietSince = isQuiet ? (this.#quietSince ?? clock.monotonic()) : undefined;
    if (this.#quietSince !== undefined && clock.monotonic() - this.#quietSince >= QUIET_MS) retake();
  }

  /** Delivers keys from the lane again of which nothing is left in their sidings: not before (I4), and without publishing (I7). */
  #returnDrained(): void {
    if (this.#parked.size === 0) return;
    const { admit, dispatcher, log, index, onChange } = this.#options;
    const held = this.#heldFromSidings();
    for (const [key, { sidings, waiting }] of this.#parked) {
      const isDrained = sidings.every(
        (siding) => siding.isKnown && !siding.isAwaiting(key) && held.get(key)?.has(siding.queue) !== true,
      );
      const target = sidings.at(-1);
      if (!isDrained || target === undefined) continue;
      // What waits is moved soon, unless it cannot be.
      if (target.hasMovesOf(key) && !target.isStuck) continue;
      this.#parked.delete(key);
      log.info('key returned to its lane', { key, lane: index });
      onChange({ kind: 'key-returned', routingKey: key, lane: index });
      // Those that it had when its key was parked are being delivered.
      for (const message of [...target.giveBack(key), ...waiting.splice(0)])
        if (!dispatcher.has(message)) admit(message);
    }
  }

  /** The queues from which messages of each parked key are held. */
  #heldFromSidings(): ReadonlyMap<string, ReadonlySet<string | undefined>> {
    const queues = new Map<string, Set<string | undefined>>();
    const { lane } = this.#options;
    for (const { routingKey, deliveries } of lane.held) {
      if (!this.#parked.has(routingKey)) continue;
      const of = queues.get(routingKey) ?? new Set();
      for (const delivery of deliveries) of.add(lane.queueOf(delivery));
      queues.set(routingKey, of);
    }
    return queues;
  }

  /** The keys that block the lane, those with the most messages first. */
  #blocking(now: number): readonly BlockingKey[] {
    const { lane, queue, dispatcher, publishing } = this.#options;
    this.#fullSince = lane.isFull(queue) ? (this.#fullSince ?? now) : undefined;
    const slowSince = new Map<string, number>();
    const blocking = new Map<string, { count: number; isMovable: boolean; isLate: boolean }>();
    if (this.#fullSince !== undefined)
      for (const message of lane.held) {
        const { routingKey, body, heldSince } = message;
        if (this.#parked.has(routingKey) || !dispatcher.has(message)) continue;
        // If all slots are taken, or PagerDuty is unavailable, it is not what blocks others.
        const isUnreachable = now - this.#fullSince < BLOCKING_ANYWAY_MS && dispatcher.isUnreachable(routingKey);
        if (dispatcher.waitsForSlot(routingKey) || isUnreachable) continue;
        const since = this.#slowSince.get(routingKey) ?? now;
        slowSince.set(routingKey, since);
        const key = blocking.get(routingKey) ?? { count: 0, isMovable: true, isLate: false };
        blocking.set(routingKey, key);
        key.count += 1;
        key.isMovable &&= publishing.accepts(body.length);
        const hangsAfterMs = dispatcher.hangsAfterMs(routingKey);
        const mayWaitMs = dispatcher.isBusy(message) ? hangsAfterMs : hangsAfterMs * WAITING_PART;
        key.isLate ||= now - since >= BLOCKING_MS && now - heldSince >= mayWaitMs;
      }
    this.#slowSince = slowSince;
    if (this.#fullSince === undefined || now - this.#fullSince < BLOCKING_MS) return [];
    return [...blocking]
      .filter(([, { isLate }]) => isLate)
      .sort(([, left], [, right]) => right.count - left.count)
      .map(([routingKey, { isMovable }]) => ({ routingKey, isMovable }));
  }

  /** To which sidings they can move now. */
  #choose(blocking: readonly BlockingKey[]): ReadonlyMap<string, Siding> {
    const chosen = new Map<string, Siding>();
    const open = this.#options.sidings.filter(({ isOpen, isStuck }) => isOpen && !isStuck);
    // An unused siding that does not answer would be the emptiest for as long as it does not.
    const counts = new Map(
      open
        .map((siding) => [siding, this.#keysOf(siding)] as const)
        .filter(([{ isSilent }, keys]) => keys > 0 || !isSilent),
    );
    this.isSuspended = this.#options.sidings.some(({ isStuck, hasMoves }) => isStuck && hasMoves);
    const { lane } = this.#options;
    const full = new Set(open.filter((siding) => lane.isFull(siding.queue)));
    for (const { routingKey, isMovable } of blocking) {
      // In a full one nothing is delivered that is behind its slowest key.
      const [emptiest] = [...counts].sort(
        ([left, leftKeys], [right, rightKeys]) =>
          Number(full.has(left)) - Number(full.has(right)) || leftKeys - rightKeys,
      );
      // A key with a message that the broker no longer accepts cannot be parked: that would break its order.
      if (emptiest === undefined || !isMovable || this.size + chosen.size >= MAX_KEYS) {
        this.isSuspended = true;
        continue;
      }
      const [siding, count] = emptiest;
      counts.set(siding, count + 1);
      if (!siding.hasMark) siding.requestMark();
      // One that is in use delivers something to the next owner anyway.
      if (siding.hasMark || this.#keysOf(siding) > 0) chosen.set(routingKey, siding);
    }
    return chosen;
  }

  /** Nothing is moved before the table has come back: invariant I1. */
  #write(
    chosen: ReadonlyMap<string, Siding>,
    { renewMarks = false, onWritten = () => undefined }: { renewMarks?: boolean; onWritten?: () => void } = {},
  ): void {
    const listed = [...this.#parked.values()];
    const sidings = new Set([...this.#used, ...chosen.values()]);
    for (const siding of sidings) {
      if (renewMarks) siding.requestNewMark();
      else siding.requestMark();
    }
    const keys = new Map([...this.#parked].map(([key, parked]) => [key, parked.sidings.map(({ index }) => index)]));
    for (const [key, { index }] of chosen) keys.set(key, [index]);
    this.#options.table.write(keys, () => {
      this.#listed = sidings;
      for (const parked of listed) {
        parked.isWritten = true;
        for (const message of parked.waiting.splice(0)) parked.sidings.at(-1)?.move(message);
      }
      for (const [key, siding] of chosen) if (!this.#parked.has(key)) this.#park(key, siding);
      onWritten();
    });
  }

  /** All its messages follow: those that are being delivered meanwhile, too. */
  #park(key: string, siding: Siding): void {
    const { log, index, lane, dispatcher, onChange } = this.#options;
    this.#parked.set(key, { sidings: [siding], isWritten: true, waiting: [] });
    log.warn('key parked on a siding: it was blocking its lane', { key, lane: index, siding: siding.index });
    onChange({ kind: 'key-parked', routingKey: key, lane: index, siding: siding.index });
    for (const message of lane.held) if (message.routingKey === key && dispatcher.has(message)) siding.move(message);
  }

  #keysOf(siding: Siding): number {
    return [...this.#parked.values()].filter(({ sidings }) => sidings.includes(siding)).length;
  }

  /** With messages of parked keys. */
  get #used(): ReadonlySet<Siding> {
    return new Set([...this.#parked.values()].flatMap(({ sidings }) => sidings));
  }
}
