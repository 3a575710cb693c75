import { type Settlement } from '@pdaltagent/messaging';
import { LaneForwarder } from './lane-forwarder';

export interface Event {
  readonly orderKey: string;
  readonly sequence: number;
  /** The broker never takes it: it closes the channel, or it cannot be encoded. */
  readonly poison?: 'refused' | 'unencodable' | undefined;
}

export type Step =
  | { readonly do: 'accept'; readonly key: number; readonly poison?: Event['poison'] }
  | { readonly do: 'take' | 'confirm' | 'sync' | 'serve' | 'lose' | 'take late' | 'crash'; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'open' | 'block' | 'unblock' | 'refuse' | 'fail to sync' | 'fail to quarantine' | 'adopt' };

interface Sent {
  readonly event: Event;
  readonly settled: (settlement: Settlement) => void;
}

type Source = 'own' | 'former' | 'orphan';

/** A broker, disks, senders and a clock around one lane, each of which moves one step at a time. */
export class World {
  readonly causes = new Set<string>();
  /** Sequences in the order in which they were sent. */
  readonly sent: number[] = [];
  readonly quarantined = new Set<number>();
  readonly #waits: boolean;
  #lane: LaneForwarder<Event, string, Source>;
  #now = 0;
  #next = 1;
  #link: 'none' | 'open' | 'blocked' = 'none';
  /** On the channel and not yet taken by the broker; then taken and not yet confirmed to us. */
  #wire: Sent[] = [];
  #confirms: Sent[] = [];
  /** What was sent over channels that are gone: the broker may still take it, each channel's from its beginning. */
  #late: Event[][] = [];
  readonly #arrived: Event[] = [];
  /** Arrived late, and not answered until then: if the process died, nobody can recall what it had sent. */
  readonly #unpromised = new Set<number>();
  readonly #disks: Readonly<Record<Source, Map<number, Event>>> = {
    own: new Map(),
    former: new Map(),
    orphan: new Map(),
  };
  readonly #erased: Readonly<Record<Source, Set<number>>> = { own: new Set(), former: new Set(), orphan: new Set() };
  #writing: Event[] = [];
  #reading = new Map<Source, number>();
  #leaving: { readonly event: Event; readonly done: (isKept: boolean) => void }[] = [];
  readonly #answered = new Set<number>();
  /** Keys whose sender waits for the answer to this sequence. */
  readonly #waiting = new Map<string, number>();
  readonly #sentOnce = new Set<number>();
  #drained = false;
  #mode = 'spool';

  /**
   * @param waits whether a sender waits for an answer before it sends the next event of its alert
   * @param former what the former layout of the spool holds, and another instance's spool, by order key
   */
  constructor({ waits, former = [], orphan = [] }: { waits: boolean; former?: string[]; orphan?: string[] }) {
    this.#waits = waits;
    for (const [source, keys] of [['former', former] as const, ['orphan', orphan] as const]) {
      for (const orderKey of keys) {
        this.#disks[source].set(this.#next, { orderKey, sequence: this.#next });
        this.#answered.add(this.#next);
        this.#next += 1;
      }
    }
    this.#lane = this.#create();
  }

  get isDirect(): boolean {
    return this.#mode === 'direct';
  }

  get spooled(): number {
    return this.#remaining('own') + this.#remaining('former');
  }

  get orphaned(): number {
    return this.#remaining('orphan');
  }

  step(step: Step): void {
    this.#now += 1;
    switch (step.do) {
      case 'accept':
        return this.#accept(`key ${step.key}`, step.poison);
      case 'take':
        if (this.#link === 'open') this.#take(step.count);
        return;
      case 'take late':
        return this.#takeLate(step.count);
      case 'confirm':
        for (const { settled } of this.#confirms.splice(0, step.count)) settled('confirmed');
        return;
      case 'refuse':
        if (this.#link === 'open') this.#wire.shift()?.settled('refused');
        return;
      case 'sync':
        for (let count = 0; count < step.count; count += 1) this.#sync();
        return;
      case 'fail to sync': {
        const event = this.#writing.shift();
        if (event !== undefined) this.#lane.notStored(event.sequence, 'full');
        return;
      }
      case 'fail to quarantine':
        return this.#leaving.shift()?.done(false);
      case 'serve':
        return this.#serve(step.count);
      case 'adopt':
        if (this.#remaining('orphan') > 0 && !this.#drained) {
          this.#drained = true;
          this.#lane.adopt('orphan');
        }
        return;
      case 'open':
        if (this.#link !== 'none') return;
        this.#link = 'open';
        return this.#lane.opened(false);
      case 'lose':
        if (this.#link !== 'none') this.#lose(step.count);
        return;
      case 'block':
        if (this.#link !== 'open') return;
        this.#link = 'blocked';
        return this.#lane.blocked();
      case 'unblock':
        if (this.#link !== 'blocked') return;
        this.#link = 'open';
        return this.#lane.unblocked();
      case 'wait':
        this.#now += step.ms;
        return this.#lane.tick();
      case 'crash':
        return this.#crash(step.count);
    }
  }

  /** Everything works again, for as long as there is something to do. */
  heal(): void {
    for (let round = 0; round < 400; round += 1) {
      for (const step of ['unblock', 'open', 'adopt'] as const) this.step({ do: step });
      for (const step of ['take', 'confirm', 'sync', 'serve', 'take late'] as const)
        this.step({ do: step, count: 100 });
      this.#leaving.splice(0).forEach(({ event, done }) => this.#quarantine(event, done));
      this.step({ do: 'wait', ms: 50 });
      const isIdle = this.#wire.length + this.#confirms.length + this.#writing.length + this.#leaving.length === 0;
      if (isIdle && this.isDirect && this.#lane.unconfirmed === 0 && this.orphaned === 0) return;
    }
  }

  /** What was answered, never arrived, and is not in the quarantine. */
  lost(): number[] {
    const kept = new Set([...this.#arrived.map(({ sequence }) => sequence), ...this.quarantined]);
    return [...this.#answered].filter((sequence) => !kept.has(sequence));
  }

  /** First arrivals that came after a later event of their key. */
  inversions(): [number, number][] {
    const seen = new Set<number>();
    const latest = new Map<string, number>();
    const found: [number, number][] = [];
    for (const { sequence, orderKey } of this.#arrived) {
      if (seen.has(sequence) || this.#unpromised.has(sequence)) continue;
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
        send: (event, maybeDuplicate, settled) => this.#send(event, maybeDuplicate, settled),
        store: (_sequence, event) => this.#writing.push(event),
        erase: (source, sequence) => this.#erase(source, sequence),
        read: (source, after) => {
          if (this.#reading.has(source)) throw new Error('two reads of one spool at the same time');
          this.#reading.set(source, after);
        },
        remaining: (source) => this.#remaining(source),
        quarantine: (event, _poison, done) => {
          if (event.poison === undefined) throw new Error(`${event.sequence} is no poison`);
          this.#leaving.push({ event, done });
        },
        answer: (sequence, verdict) => this.#answer(sequence, verdict === 'durable'),
        reopen: () => this.#cut(0),
        changed: (mode, cause) => {
          this.#mode = mode;
          this.causes.add(cause ?? mode);
        },
        drained: () => {
          if (this.#remaining('orphan') > 0) throw new Error('the orphaned spool is not empty');
        },
      },
      { confirmTimeoutMs: 1_000, maxInFlight: 12 },
      { monotonic: () => this.#now },
      { own: 'own', former: 'former' },
    );
  }

  #accept(orderKey: string, poison: Event['poison']): void {
    if (this.#waits && this.#waiting.has(orderKey)) return;
    const sequence = this.#next;
    this.#next += 1;
    this.#waiting.set(orderKey, sequence);
    this.#lane.accept(sequence, { orderKey, sequence, poison });
  }

  #send(event: Event, maybeDuplicate: boolean, settled: Sent['settled']): 'sent' | 'ended' | 'unencodable' {
    const { sequence } = event;
    if (this.#link === 'none') return 'ended';
    if (this.#link === 'blocked') throw new Error('sent while blocked');
    if (event.poison === 'unencodable') return 'unencodable';
    if (this.#sentOnce.has(sequence) && !maybeDuplicate)
      throw new Error(`${sequence} was sent twice and does not say so`);
    this.#sentOnce.add(sequence);
    this.sent.push(sequence);
    this.#wire.push({ event, settled });
    return 'sent';
  }

  #erase(source: Source, sequence: number): void {
    if (!this.#disks[source].has(sequence) || this.#erased[source].has(sequence)) {
      throw new Error(`${sequence} is not there`);
    }
    this.#erased[source].add(sequence);
  }

  #remaining(source: Source): number {
    return this.#disks[source].size - this.#erased[source].size + (source === 'own' ? this.#writing.length : 0);
  }

  #take(count: number): void {
    for (let taken = 0; taken < count; taken += 1) {
      const sent = this.#wire[0];
      if (sent === undefined) return;
      if (sent.event.poison !== undefined) {
        this.#lose(0, 'too large');
        return;
      }
      this.#wire.shift();
      this.#arrived.push(sent.event);
      this.#confirms.push(sent);
    }
  }

  /** A poisonous message among late bytes closes a channel that nobody uses any more. */
  #takeLate(count: number): void {
    const [events] = this.#late;
    if (events === undefined) return;
    const poison = events.findIndex(({ poison }) => poison !== undefined);
    const taken = events.splice(0, poison === -1 ? count : Math.min(count, poison));
    this.#arrived.push(...taken);
    for (const { sequence } of taken) if (!this.#answered.has(sequence)) this.#unpromised.add(sequence);
    if (events.length === 0 || poison !== -1) this.#late.shift();
  }

  #serve(count: number): void {
    for (const [source, after] of [...this.#reading]) {
      this.#reading.delete(source);
      const entries = [...this.#disks[source].values()]
        .filter(({ sequence }) => sequence > after && !this.#erased[source].has(sequence))
        .sort((one, other) => one.sequence - other.sequence)
        .slice(0, count)
        .map((event) => ({ sequence: event.sequence, bytes: 1, event }));
      this.#lane.read(source, entries);
    }
  }

  #sync(): void {
    const event = this.#writing.shift();
    if (event === undefined) return;
    this.#disks.own.set(event.sequence, event);
    this.#lane.stored(event.sequence, 1);
  }

  #quarantine(event: Event, done: (isKept: boolean) => void): void {
    this.quarantined.add(event.sequence);
    done(true);
  }

  #lose(count: number, refusal?: string): void {
    this.#cut(count);
    this.#lane.lost(refusal);
  }

  /** The broker takes some of what is on the channel before the rest; none of its confirms is heard. */
  #cut(count: number): void {
    this.#late.push(this.#wire.map(({ event }) => event));
    this.#wire = [];
    this.#confirms = [];
    this.#link = 'none';
    this.#takeLate(count);
  }

  /** The process dies: some of what was being written is on the disk, some erasures are not. */
  #crash(count: number): void {
    this.#cut(count);
    for (const event of this.#writing.splice(0, count)) this.#disks.own.set(event.sequence, event);
    this.#writing = [];
    for (const source of ['own', 'former', 'orphan'] as const) {
      const erased = [...this.#erased[source]];
      for (const sequence of erased.slice(count)) this.#disks[source].delete(sequence);
      this.#erased[source].clear();
    }
    this.#reading.clear();
    this.#leaving = [];
    this.#waiting.clear();
    this.#drained = false;
    this.#mode = 'spool';
    this.#lane = this.#create();
  }

  #answer(sequence: number, isDurable: boolean): void {
    for (const [key, waited] of this.#waiting) if (waited === sequence) this.#waiting.delete(key);
    if (!isDurable) return;
    if (this.#answered.has(sequence)) throw new Error(`${sequence} was answered twice`);
    this.#answered.add(sequence);
  }
}
