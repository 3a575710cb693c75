import { type Clock, delay, every, type Random, SYSTEM_CLOCK } from '@pdaltagent/clock';
import {
  laneOfMessage,
  LanePublisher,
  type LanePublisherOptions,
  type OutgoingMessage,
  type SendStatus,
  type Settlement,
  writeRecord,
} from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import {
  type Spool,
  type Quarantine,
  type QuarantineEntry,
  type QuarantineProblem,
  SpoolError,
  type SpoolFailure,
  type SpoolSource,
} from '@pdaltagent/spool';
import { LaneForwarder } from './lane-forwarder';
import { type Cause, type LaneLimits, type LanePorts, type Mode } from './lane-ports';
import { LaneModes, type LaneModesPorts } from './lane-modes';
import { NotDurableError } from './not-durable-error';
import { ReadAhead } from './read-ahead';
import { SequenceMap } from './sequence-map';
import { type SearchFailure, type SearchResult, SpoolErasures } from './spool-erasures';
import { SpoolReader } from './spool-reader';

const TICK_MS = 100;
/** Sequences are microseconds since 1970, so that they increase across restarts and show an entry's age. */
const SEQUENCES_PER_MS = 1_000;
const CLOSE_GRACE_MS = 3_000;

export interface DurablePublisherOptions {
  readonly broker: Pick<LanePublisherOptions, 'url' | 'name' | 'laneGroup' | 'queueType' | 'topologyMode' | 'connect'>;
  readonly spool: Spool;
  /** The spool in the previous release's layout, if it has entries: it is drained first. */
  readonly legacy: SpoolSource | undefined;
  readonly quarantine: Pick<Quarantine, 'add'>;
  readonly limits: LaneLimits;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Called when events of one or more lanes begin to be spooled, for metrics. */
  readonly onSpoolBegun: (cause: Cause) => void;
  /** Called when the mode of the gateway changes; the cause is that of `spool`. */
  readonly onModeChange?: LaneModesPorts['onModeChange'];
  /** Called for each quarantined event, for metrics and the journal; without a message if its record is damaged. */
  readonly onQuarantined: (problem: QuarantineProblem, message: OutgoingMessage | undefined) => void;
}

/** What is to be quarantined. */
type Unpublishable = Omit<QuarantineEntry, 'quarantinedAt'> & { readonly problem: QuarantineProblem };

interface PendingPublish {
  readonly sender: string | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

type Lane = LaneForwarder<OutgoingMessage, SpoolFailure, SpoolSource>;
type Ports = LanePorts<OutgoingMessage, SpoolFailure, SpoolSource>;

/** Makes events durable: confirmed by the broker, or synced to the spool, which is drained to the broker. */
export class DurablePublisher {
  readonly #options: DurablePublisherOptions;
  readonly #clock: Clock;
  readonly #broker: LanePublisher;
  readonly #lanes: readonly Lane[];
  readonly #modes: LaneModes;
  readonly #spoolReader: SpoolReader;
  readonly #erasures = new SpoolErasures();
  /** The spool, in both layouts. */
  readonly #own: readonly SpoolSource[];
  readonly #pending = new SequenceMap<PendingPublish>();
  /** Orphaned spools, with the lanes that are still to be drained. */
  readonly #orphans = new Map<SpoolSource, { readonly lanes: Set<number>; readonly release: () => Promise<void> }>();
  /** Undefined while all lanes are at rest: a timer that has nothing to do would cost as much as the rest of an idle gateway. */
  #stopTicking: (() => void) | undefined;
  #hasStarted = false;
  #lastSequence: number;
  #isClosing = false;

  constructor(options: DurablePublisherOptions) {
    const { broker, spool, legacy, limits, log, clock = SYSTEM_CLOCK, random, onSpoolBegun, onModeChange } = options;
    this.#options = options;
    this.#clock = clock;
    this.#lastSequence = spool.lastSequence;
    this.#modes = new LaneModes(log, broker.laneGroup.lanes, { onSpoolBegun, onModeChange });
    this.#spoolReader = new SpoolReader({
      log,
      erase: (source, lane, sequence, bytes) => this.#erasures.erase(source, lane, sequence, bytes),
      isErased: (source, lane, sequence) => this.#erasures.isErased(source, lane, sequence),
      quarantine: (id, record) => this.#quarantine({ id, record, problem: 'damaged' }),
    });
    this.#broker = new LanePublisher({
      ...broker,
      log,
      clock,
      random,
      onOpened: (lane, isBlocked) => this.#wake(lane)?.onOpened(isBlocked),
      onLost: (lane, refusal) => this.#wake(lane)?.onLost(refusal),
      onBlocked: () => this.#wakeAll().forEach((lane) => lane.onBlocked()),
      onUnblocked: () => this.#wakeAll().forEach((lane) => lane.onUnblocked()),
    });
    this.#own = legacy === undefined ? [spool] : [legacy, spool];
    const sources = { own: spool, legacy };
    const readAhead = new ReadAhead();
    this.#lanes = Array.from(
      { length: broker.laneGroup.lanes },
      (_, lane) => new LaneForwarder(this.#portsOf(lane), limits, clock, sources, readAhead),
    );
  }

  /** The mode of the gateway: direct only if all lanes are. */
  get mode(): Mode {
    return this.lanesIn('spool') === 0 ? 'direct' : 'spool';
  }

  /** Resolves once the events of all lanes have gone directly to the broker for the first time. */
  get whenDirect(): Promise<void> {
    return this.#modes.whenAllDirect;
  }

  lanesIn(mode: Mode): number {
    return this.#modes.lanesIn(mode);
  }

  get broker(): 'connected' | 'blocked' | 'unreachable' {
    return this.#broker.state();
  }

  /** Starts connecting; does not wait for the broker. */
  start(): void {
    const entries = this.#own.reduce((sum, source) => sum + source.entries, 0);
    if (entries > 0) this.#options.log.warn('the spool contains events from a previous run', { entries });
    for (const source of this.#own) void source.settlePurge();
    this.#hasStarted = true;
    this.#startTicking();
    this.#broker.start();
  }

  /**
   * Resolves once the event is durable.
   * @param sender whose share of the spool it uses; none if undefined
   * @throws NotDurableError
   */
  publish(message: OutgoingMessage, sender?: string): Promise<void> {
    const lane = this.#wake(laneOfMessage(this.#options.broker.laneGroup, message));
    this.#lastSequence = Math.max(this.#lastSequence + 1, this.#clock.wall() * SEQUENCES_PER_MS);
    const sequence = this.#lastSequence;
    return new Promise((resolve, reject) => {
      this.#pending.set(sequence, { sender, resolve, reject });
      lane?.accept(sequence, message);
    });
  }

  /** Drains an orphaned spool in place. `release` is called once there is nothing left to drain, and closes it. */
  drainOrphan(source: SpoolSource, release: () => Promise<void> = () => source.close()): void {
    const { folder, entries } = source;
    this.#options.log.warn('draining an orphaned spool', { folder, entries });
    const filled = this.#lanes.flatMap((_, lane) => (source.entriesOf(lane) > 0 ? [lane] : []));
    this.#orphans.set(source, { lanes: new Set(filled), release });
    for (const lane of filled) this.#wake(lane)?.drainOrphan(source);
    void source.settlePurge();
  }

  /**
   * Erases the events whose records match from every spool that this process has open, or only counts them. They are not sent any more,
   * except for those in flight. Unless there are failures, nothing of them is on the disk. A spool that fails does not keep the others
   * from being searched.
   * @param onErased called with the record of each erased event
   */
  async eraseSpooled(
    matches: (record: Buffer) => boolean,
    isDryRun: boolean,
    onErased: (record: Buffer) => void = () => undefined,
  ): Promise<SearchResult> {
    const total = { found: 0, erased: 0, failures: new Array<SearchFailure>() };
    for (const source of [...this.#own, ...this.#orphans.keys()]) {
      const { found, erased, failures } = await this.#erasures.search(source, {
        matches,
        isDryRun,
        onErased: (from, lane, sequence, record) => {
          this.#spoolReader.onErased(from, lane, sequence);
          onErased(record);
        },
      });
      total.found += found;
      total.erased += erased;
      total.failures.push(...failures);
    }
    return total;
  }

  /** Age of the oldest event in the spool; seconds. NaN if the spool cannot be read at the moment. */
  async oldestAgeSeconds(): Promise<number> {
    const ages = await Promise.all(this.#own.map((source) => this.#oldestAgeSeconds(source)));
    return Math.max(0, ...ages);
  }

  /** Must be called after the last `publish`. The next process that claims the spool drains its entries. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const end = this.#clock.monotonic() + CLOSE_GRACE_MS;
    const isUnconfirmed = (): boolean => this.#lanes.some((lane) => lane.unconfirmed > 0);
    while (isUnconfirmed() && this.#broker.state() === 'connected' && this.#clock.monotonic() < end) {
      await delay(this.#clock, 10);
    }
    this.#hasStarted = false;
    this.#stopTicking?.();
    await this.#broker.close();
    await Promise.all([...this.#own, ...this.#orphans.keys()].map((source) => source.close()));
  }

  /** A lane that something is about to happen to: it may not be at rest afterwards. */
  #wake(lane: number): Lane | undefined {
    this.#startTicking();
    return this.#lanes[lane];
  }

  #wakeAll(): readonly Lane[] {
    this.#startTicking();
    return this.#lanes;
  }

  /** Until all lanes are at rest. */
  #startTicking(): void {
    if (this.#stopTicking !== undefined || !this.#hasStarted) return;
    const stop = every(this.#clock, TICK_MS, () => {
      for (const lane of this.#lanes) lane.tick();
      if (!this.#lanes.every(({ isAtRest }) => isAtRest)) return;
      stop();
      this.#stopTicking = undefined;
    });
    this.#stopTicking = stop;
  }

  async #oldestAgeSeconds(source: SpoolSource): Promise<number> {
    const oldest = source.entries === 0 ? undefined : await this.#spoolReader.oldestSequence(source);
    return oldest === undefined ? 0 : (this.#clock.wall() - oldest / SEQUENCES_PER_MS) / 1_000;
  }

  #portsOf(lane: number): Ports {
    return {
      send: (message, maybeDuplicate, onSettled) => this.#send(lane, message, maybeDuplicate, onSettled),
      store: (sequence, message) => void this.#store(lane, sequence, message),
      erase: (source, sequence, bytes) => this.#erasures.erase(source, lane, sequence, bytes),
      isErased: (source, sequence) => this.#erasures.isErased(source, lane, sequence),
      read: (source, after) => void this.#read(lane, source, after),
      remaining: (source) => this.#spoolReader.remaining(source, lane),
      quarantine: (message, reason, done) => {
        const { id } = message;
        void this.#quarantine({ id, record: writeRecord(message), ...reason }, message).then(done);
      },
      respond: (sequence, result) => this.#respond(sequence, result === 'durable' ? undefined : result.failure),
      reopen: () => this.#broker.reopen(lane),
      onModeChange: (mode, cause) => this.#modes.onModeChange(lane, mode, cause),
      onDrained: (source) => this.#onOrphanDrained(lane, source),
    };
  }

  #send(
    lane: number,
    message: OutgoingMessage,
    maybeDuplicate: boolean,
    onSettled: (settlement: Settlement) => void,
  ): SendStatus {
    // Spooled events are left to the next process.
    if (this.#isClosing && maybeDuplicate) return 'ended';
    return this.#broker.publish(lane, message, onSettled);
  }

  async #store(lane: number, sequence: number, message: OutgoingMessage): Promise<void> {
    const record = writeRecord(message);
    try {
      await this.#options.spool.append(lane, sequence, record, this.#pending.get(sequence)?.sender);
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      this.#wake(lane)?.onNotStored(sequence, error.code);
      return;
    }
    this.#wake(lane)?.onStored(sequence, record.length);
  }

  async #read(lane: number, source: SpoolSource, after: number): Promise<void> {
    this.#wake(lane)?.onEntriesRead(source, await this.#spoolReader.read(source, lane, after));
  }

  async #quarantine(entry: Unpublishable, message?: OutgoingMessage): Promise<boolean> {
    const { quarantine, log, onQuarantined } = this.#options;
    const { id, problem } = entry;
    try {
      await quarantine.add({ ...entry, quarantinedAt: this.#clock.wall() });
    } catch (error) {
      log.error('an event that cannot be published could not be quarantined', { id, problem, error });
      return false;
    }
    onQuarantined(problem, message);
    return true;
  }

  #onOrphanDrained(lane: number, source: SpoolSource): void {
    const orphan = this.#orphans.get(source);
    orphan?.lanes.delete(lane);
    if (orphan?.lanes.size !== 0) return;
    this.#orphans.delete(source);
    this.#options.log.info('an orphaned spool has been drained', { folder: source.folder });
    orphan.release().catch((error: unknown) => {
      this.#options.log.error('a spool cannot be closed', { folder: source.folder, error });
    });
  }

  #respond(sequence: number, failure: SpoolFailure | undefined): void {
    const pending = this.#pending.get(sequence);
    this.#pending.delete(sequence);
    if (failure === undefined) pending?.resolve();
    else pending?.reject(new NotDurableError(failure));
  }
}
