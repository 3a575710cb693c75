import { type Settlement } from '@pdaltagent/messaging';
import { FakeSpool } from './fake-spool.fixture';
import { LaneForwarder } from './lane-forwarder';
import { ReadAhead } from './read-ahead';
import { FakeSenders } from './fake-senders.fixture';
import { type Event, type Preloaded, type Step } from './steps.fixture';

interface SentEvent {
  readonly event: Event;
  readonly onSettled: (settlement: Settlement) => void;
}

type Source = 'own' | 'legacy' | Orphan;
const ORPHANS = ['orphan', 'second orphan'] as const;
type Orphan = (typeof ORPHANS)[number];

const LIMITS = { confirmTimeoutMs: 1_000, maxInFlight: 12 };
/** A quarter of what may be in flight. */
const WINDOW = 3;

/** A lane forwarder with simulated broker, spools, senders and clock, which advance one step at a time. */
export class LaneSimulation {
  readonly causes = new Set<string>();
  /** Sequences in the order in which they were sent to the broker. */
  readonly sent: number[] = [];
  readonly quarantined = new Set<number>();
  /** Channels that the broker closed because of an event, channels that the lane replaced, and reads of spools. */
  readonly counts = { refusals: 0, reopened: 0, reads: 0 };
  readonly #waits: boolean;
  #lane: LaneForwarder<Event, string, Source>;
  #now = 0;
  #next = 1;
  /** Ended: lost; the lane is notified later. */
  #connection: 'none' | 'open' | 'blocked' | 'ended' = 'none';
  /** Sent and not yet received by the broker; then received, and not yet confirmed. */
  #wire: SentEvent[] = [];
  #confirms: SentEvent[] = [];
  /** Whether the broker has settled an event on this channel. */
  #isProven = false;
  /** Events sent over lost channels: the broker may still receive them, those of each channel in order. */
  #late: Event[][] = [];
  readonly #arrived: Event[] = [];
  /** Arrived late, and unanswered until then: if the process was killed, no order is guaranteed for them. */
  readonly #lateWaiting = new Set<number>();
  readonly #spools: Readonly<Record<Source, FakeSpool<Event>>> = {
    own: new FakeSpool(),
    legacy: new FakeSpool(),
    orphan: new FakeSpool(),
    'second orphan': new FakeSpool(),
  };
  #writing: Event[] = [];
  /** What each read found when it began: it returns entries that are erased meanwhile, like a real database. */
  readonly #reading = new Map<Source, Event[]>();
  #quarantining: { readonly event: Event; readonly done: (isStored: boolean) => void }[] = [];
  readonly #senders = new FakeSenders();
  readonly #sentOnce = new Set<number>();
  readonly #drainedOrphans = new Set<Orphan>();
  #mode = 'spool';

  /**
   * @param waits whether a sender waits for a response before it sends the next event of its alert
   * @param legacy events in the spool of the previous release's layout
   * @param orphans events in the spools of two other instances
   */
  constructor({ waits, legacy = [], orphans = [] }: { waits: boolean; legacy?: Preloaded[]; orphans?: Preloaded[][] }) {
    this.#waits = waits;
    this.#fill('legacy', legacy);
    ORPHANS.forEach((orphan, index) => this.#fill(orphan, orphans[index] ?? []));
    this.#lane = this.#create();
  }

  get isDirect(): boolean {
    return this.#mode === 'direct';
  }

  get spooled(): number {
    return this.#remaining('own') + this.#remaining('legacy');
  }

  get orphaned(): number {
    return ORPHANS.reduce((sum, orphan) => sum + this.#remaining(orphan), 0);
  }

  get waiting(): readonly number[] {
    return this.#senders.waiting;
  }

  step(step: Step): void {
    this.#now += 1;
    switch (step.do) {
      case 'accept':
        return this.#accept(`key ${step.key}`, step.poison);
      case 'receive':
        if (this.#connection === 'open') this.#receive(step.count);
        return;
      case 'receive late':
        return this.#receiveLate(step.count);
      case 'confirm':
        for (let count = 0; count < step.count; count += 1) this.#settle(this.#confirms.shift(), 'confirmed');
        return;
      case 'refuse':
        if (this.#connection === 'open') this.#settle(this.#wire.shift(), 'refused');
        return;
      case 'sync':
        for (let count = 0; count < step.count; count += 1) this.#sync();
        return;
      case 'fail to sync': {
        const event = this.#writing.shift();
        if (event !== undefined) this.#lane.onNotStored(event.sequence, 'full');
        return;
      }
      case 'quarantine':
        this.#quarantining.splice(0, step.count).forEach(({ event, done }) => this.#quarantine(event, done));
        return;
      case 'fail to quarantine':
        return this.#quarantining.shift()?.done(false);
      case 'serve':
        return this.#serve(step.count);
      case 'drain orphans':
        for (const orphan of ORPHANS) {
          if (this.#remaining(orphan) === 0 || this.#drainedOrphans.has(orphan)) continue;
          this.#drainedOrphans.add(orphan);
          this.#lane.drainOrphan(orphan);
        }
        return;
      case 'open':
        if (this.#connection !== 'none') return;
        this.#connection = 'open';
        return this.#lane.onOpened(false);
      case 'open blocked':
        if (this.#connection !== 'none') return;
        this.#connection = 'blocked';
        return this.#lane.onOpened(true);
      case 'end':
        if (this.#connection !== 'none') this.#connection = 'ended';
        return;
      case 'lose':
        if (this.#connection !== 'none') this.#lose(step.count);
        return;
      case 'block':
        if (this.#connection !== 'open') return;
        this.#connection = 'blocked';
        return this.#lane.onBlocked();
      case 'unblock':
        if (this.#connection !== 'blocked') return;
        this.#connection = 'open';
        return this.#lane.onUnblocked();
      case 'wait':
        this.#now += step.ms;
        return this.#lane.tick();
      case 'crash':
        return this.#crash(step.count);
    }
  }

  /** Lets everything work again until nothing is left to do. */
  recover(): void {
    for (let round = 0; round < 400; round += 1) {
      if (this.#connection === 'ended') this.step({ do: 'lose', count: 0 });
      for (const step of ['unblock', 'open', 'drain orphans'] as const) this.step({ do: step });
      for (const step of ['receive', 'confirm', 'sync', 'serve', 'receive late', 'quarantine'] as const)
        this.step({ do: step, count: 100 });
      this.step({ do: 'wait', ms: 50 });
      const isIdle = this.#wire.length + this.#confirms.length + this.#writing.length + this.#quarantining.length === 0;
      if (isIdle && this.isDirect && this.#lane.unconfirmed === 0 && this.orphaned === 0) return;
    }
  }

  /** Events that were answered, never arrived, and were not quarantined. */
  lostEvents(): number[] {
    const kept = new Set([...this.#arrived.map(({ sequence }) => sequence), ...this.quarantined]);
    return [...this.#senders.responded].filter((sequence) => !kept.has(sequence));
  }

  /** First arrivals after a later event with the same order key. */
  orderViolations(): [number, number][] {
    const seen = new Set<number>();
    const latest = new Map<string, number>();
    const found: [number, number][] = [];
    for (const { sequence, orderKey } of this.#arrived) {
      if (seen.has(sequence) || this.#lateWaiting.has(sequence)) continue;
      seen.add(sequence);
      const before = latest.get(orderKey) ?? 0;
      if (before > sequence) found.push([before, sequence]);
      else latest.set(orderKey, sequence);
    }
    return found;
  }

  #create(): LaneForwarder<Event, string, Source> {
    return new LaneForwarder<Event, string, Source>(
      {
        send: (event, maybeDuplicate, onSettled) => this.#send(event, maybeDuplicate, onSettled),
        store: (_sequence, event) => this.#writing.push(event),
        erase: (source, sequence) => this.#spools[source].erase(sequence),
        isErased: () => false,
        read: (source, after) => {
          if (this.#reading.has(source)) throw new Error('concurrent reads of one spool');
          this.counts.reads += 1;
          this.#reading.set(source, this.#spools[source].read(after, Infinity));
        },
        remaining: (source) => this.#remaining(source),
        quarantine: (event, _poison, done) => {
          if (event.poison === undefined) throw new Error(`${event.sequence} is not poison`);
          this.#quarantining.push({ event, done });
        },
        respond: (sequence, result) => this.#senders.respond(sequence, result === 'durable'),
        reopen: () => {
          this.counts.reopened += 1;
          this.#dropConnection(0);
        },
        onModeChange: (mode, cause) => {
          this.#mode = mode;
          this.causes.add(cause ?? mode);
        },
        onDrained: (source) => {
          if (this.#remaining(source) > 0) throw new Error('the orphaned spool is not empty');
        },
      },
      LIMITS,
      { monotonic: () => this.#now },
      { own: 'own', legacy: 'legacy' },
      new ReadAhead(),
    );
  }

  #fill(source: Source, events: readonly Preloaded[]): void {
    for (const each of events) {
      this.#spools[source].put({ ...each, sequence: this.#next });
      this.#senders.spooledBefore(this.#next);
      this.#next += 1;
    }
  }

  #settle(sent: SentEvent | undefined, settlement: Settlement): void {
    if (sent === undefined) return;
    this.#isProven = true;
    sent.onSettled(settlement);
  }

  #accept(orderKey: string, poison: Event['poison']): void {
    if (this.#waits && this.#senders.isWaiting(orderKey)) return;
    const sequence = this.#next;
    this.#next += 1;
    this.#senders.sent(orderKey, sequence);
    this.#lane.accept(sequence, { orderKey, sequence, poison });
  }

  #send(event: Event, maybeDuplicate: boolean, onSettled: SentEvent['onSettled']): 'sent' | 'ended' | 'unencodable' {
    const { sequence } = event;
    if (this.#connection === 'none' || this.#connection === 'ended') return 'ended';
    if (this.#connection === 'blocked') throw new Error('sent while blocked');
    const inFlight = this.#wire.length + this.#confirms.length;
    if (inFlight >= (this.#isProven ? WINDOW : 1)) throw new Error('more in flight than a channel may have');
    if (event.poison === 'unencodable') return 'unencodable';
    if (this.#sentOnce.has(sequence) && !maybeDuplicate)
      throw new Error(`${sequence} was sent twice without being marked as a possible duplicate`);
    this.#sentOnce.add(sequence);
    this.sent.push(sequence);
    this.#wire.push({ event, onSettled });
    return 'sent';
  }

  #remaining(source: Source): number {
    return this.#spools[source].size + (source === 'own' ? this.#writing.length : 0);
  }

  #receive(count: number): void {
    for (let kept = 0; kept < count; kept += 1) {
      const sent = this.#wire[0];
      if (sent === undefined) return;
      if (sent.event.poison !== undefined) {
        this.counts.refusals += 1;
        this.#lose(0, 'too large');
        return;
      }
      this.#wire.shift();
      this.#arrived.push(sent.event);
      this.#confirms.push(sent);
    }
  }

  /** A poison message among late events closes a channel that is not used any more. */
  #receiveLate(count: number): void {
    const [events] = this.#late;
    if (events === undefined) return;
    const poison = events.findIndex(({ poison }) => poison !== undefined);
    const kept = events.splice(0, poison === -1 ? count : Math.min(count, poison));
    this.#arrived.push(...kept);
    for (const { sequence } of kept) if (!this.#senders.responded.has(sequence)) this.#lateWaiting.add(sequence);
    if (events.length === 0 || poison !== -1) this.#late.shift();
  }

  #serve(count: number): void {
    for (const [source, found] of [...this.#reading]) {
      this.#reading.delete(source);
      const entries = found.slice(0, count);
      this.#lane.onEntriesRead(
        source,
        entries.map((event) => ({ sequence: event.sequence, bytes: 1, event })),
      );
    }
  }

  #sync(): void {
    const event = this.#writing.shift();
    if (event === undefined) return;
    this.#spools.own.put(event);
    this.#lane.onStored(event.sequence, 1);
  }

  #quarantine(event: Event, done: (isStored: boolean) => void): void {
    this.quarantined.add(event.sequence);
    done(true);
  }

  #lose(count: number, refusal?: string): void {
    this.#dropConnection(count);
    this.#lane.onLost(refusal);
  }

  /** The broker still receives some of what was sent, the rest later; its confirms are lost. */
  #dropConnection(count: number): void {
    this.#late.push(this.#wire.map(({ event }) => event));
    this.#wire = [];
    this.#confirms = [];
    this.#isProven = false;
    this.#connection = 'none';
    this.#receiveLate(count);
  }

  /** The process is killed: some pending writes are on the disk, some erasures are not. */
  #crash(count: number): void {
    this.#dropConnection(count);
    for (const event of this.#writing.splice(0, count)) this.#spools.own.put(event);
    this.#writing = [];
    for (const spool of Object.values(this.#spools)) spool.crash(count);
    this.#reading.clear();
    this.#quarantining = [];
    this.#senders.forget();
    this.#drainedOrphans.clear();
    this.#mode = 'spool';
    this.#lane = this.#create();
  }
}
