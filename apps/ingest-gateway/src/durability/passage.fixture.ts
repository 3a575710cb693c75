import { type Spooled } from './drain';
import { Passage } from './passage';

interface Event {
  readonly orderKey: string;
  readonly sequence: number;
}

export type Step =
  | { readonly do: 'accept'; readonly key: number }
  | { readonly do: 'take' | 'confirm' | 'sync' | 'serve' | 'lose' | 'crash'; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'open' | 'block' | 'unblock' | 'refuse' | 'fail to sync' };

/** A broker, a disk, senders and a clock around a passage, each of which moves one step at a time. */
export class World {
  readonly causes = new Set<string>();
  /** Sequences in the order in which they were sent. */
  readonly sent: number[] = [];
  readonly #waits: boolean;
  #passage: Passage<Event, string>;
  #now = 0;
  #next = 1;
  #link: 'none' | 'open' | 'blocked' | 'closing' = 'none';
  /** On the connection and not yet taken by the broker; then taken and not yet confirmed to us. */
  #wire: Event[] = [];
  #confirms: number[] = [];
  readonly #arrived: Event[] = [];
  readonly #disk = new Map<number, Event>();
  #erased = new Set<number>();
  #writing: Event[] = [];
  #reading: number | undefined;
  readonly #answered = new Set<number>();
  /** Keys whose sender waits for the answer to this sequence. */
  readonly #waiting = new Map<string, number>();
  readonly #sentOnce = new Set<number>();
  #againUnconfirmed = new Map<number, string>();

  constructor({ waits }: { readonly waits: boolean }) {
    this.#waits = waits;
    this.#passage = this.#create();
  }

  get isDirect(): boolean {
    return this.#passage.mode === 'direct';
  }

  get spooled(): number {
    return this.#disk.size - this.#erased.size + this.#writing.length;
  }

  step(step: Step): void {
    this.#now += 1;
    switch (step.do) {
      case 'accept':
        return this.#accept(`key ${step.key}`);
      case 'take':
        if (this.#link === 'open' || this.#link === 'closing') this.#take(step.count);
        return;
      case 'confirm':
        for (const sequence of this.#confirms.splice(0, step.count)) this.#settle(sequence, true);
        return;
      case 'refuse': {
        if (this.#link !== 'open') return;
        const event = this.#wire.shift();
        if (event !== undefined) this.#settle(event.sequence, false);
        return;
      }
      case 'sync':
        for (let count = 0; count < step.count; count += 1) this.#sync();
        return;
      case 'fail to sync': {
        const event = this.#writing.shift();
        if (event !== undefined) this.#passage.notStored(event.sequence, 'full', this.#now);
        return;
      }
      case 'serve':
        return this.#serve(step.count);
      case 'open':
        if (this.#link !== 'none') return;
        this.#link = 'open';
        return this.#passage.opened(this.#now);
      case 'lose':
        if (this.#link !== 'none') this.#lose(step.count);
        return;
      case 'block':
        if (this.#link !== 'open') return;
        this.#link = 'blocked';
        return this.#passage.blocked(this.#now);
      case 'unblock':
        if (this.#link !== 'blocked') return;
        this.#link = 'open';
        return this.#passage.unblocked(this.#now);
      case 'wait':
        this.#now += step.ms;
        return this.#passage.tick(this.#now);
      case 'crash':
        return this.#crash(step.count);
    }
  }

  /** Everything works again, for as long as there is something to do. */
  heal(): void {
    for (let round = 0; round < 200; round += 1) {
      if (this.#link === 'closing') this.#lose(Infinity);
      this.step({ do: 'unblock' });
      this.step({ do: 'open' });
      this.step({ do: 'take', count: 100 });
      this.step({ do: 'confirm', count: 100 });
      this.step({ do: 'sync', count: 100 });
      this.step({ do: 'serve', count: 100 });
      this.step({ do: 'wait', ms: 50 });
      const isIdle = this.#wire.length + this.#confirms.length + this.#writing.length === 0;
      if (isIdle && this.isDirect && this.#passage.unconfirmed === 0) return;
    }
  }

  /** What was answered and never arrived. */
  lost(): number[] {
    const arrived = new Set(this.#arrived.map(({ sequence }) => sequence));
    return [...this.#answered].filter((sequence) => !arrived.has(sequence));
  }

  /** First arrivals that came behind a later event of their key. */
  inversions(): [number, number][] {
    const seen = new Set<number>();
    const latest = new Map<string, number>();
    const found: [number, number][] = [];
    for (const { sequence, orderKey } of this.#arrived) {
      if (seen.has(sequence)) continue;
      seen.add(sequence);
      const before = latest.get(orderKey) ?? 0;
      if (before > sequence) found.push([before, sequence]);
      else latest.set(orderKey, sequence);
    }
    return found;
  }

  #create(): Passage<Event, string> {
    return new Passage<Event, string>(
      {
        send: (sequence, event, isAgain) => this.#send(sequence, event, isAgain),
        store: (_sequence, event) => this.#writing.push(event),
        erase: (sequence) => {
          if (!this.#disk.has(sequence) || this.#erased.has(sequence)) throw new Error(`${sequence} is not there`);
          this.#erased.add(sequence);
        },
        read: (after) => {
          if (this.#reading !== undefined) throw new Error('two reads at one time');
          this.#reading = after;
        },
        entries: () => this.spooled,
        answer: (sequence, verdict) => this.#answer(sequence, verdict === 'durable'),
        renew: () => {
          this.#link = 'closing';
        },
        changed: (mode, cause) => this.causes.add(cause ?? mode),
      },
      { confirmTimeoutMs: 1_000, maxInFlight: 3 },
    );
  }

  #accept(orderKey: string): void {
    if (this.#waits && this.#waiting.has(orderKey)) return;
    const sequence = this.#next;
    this.#next += 1;
    this.#waiting.set(orderKey, sequence);
    this.#passage.accept(sequence, { orderKey, sequence }, this.#now);
  }

  #send(sequence: number, event: Event, isAgain: boolean): boolean {
    if (this.#link === 'none' || this.#link === 'closing') return false;
    if (this.#link === 'blocked') throw new Error('sent while blocked');
    if (this.#sentOnce.has(sequence) && !isAgain) throw new Error(`${sequence} was sent twice and does not say so`);
    if (isAgain) {
      if ([...this.#againUnconfirmed.values()].includes(event.orderKey)) throw new Error('two of one key in flight');
      this.#againUnconfirmed.set(sequence, event.orderKey);
    }
    this.#sentOnce.add(sequence);
    this.sent.push(sequence);
    this.#wire.push(event);
    return true;
  }

  #take(count: number): void {
    for (const event of this.#wire.splice(0, count)) {
      this.#arrived.push(event);
      this.#confirms.push(event.sequence);
    }
  }

  #settle(sequence: number, isConfirmed: boolean): void {
    this.#againUnconfirmed.delete(sequence);
    this.#passage.settled(sequence, isConfirmed, this.#now);
  }

  #serve(count: number): void {
    const after = this.#reading;
    if (after === undefined) return;
    this.#reading = undefined;
    const entries: Spooled<Event>[] = [...this.#disk.values()]
      .filter(({ sequence }) => sequence > after && !this.#erased.has(sequence))
      .sort((one, other) => one.sequence - other.sequence)
      .slice(0, count)
      .map((event) => ({ sequence: event.sequence, bytes: 1, event }));
    this.#passage.read(entries, this.#now);
  }

  #sync(): void {
    const event = this.#writing.shift();
    if (event === undefined) return;
    this.#disk.set(event.sequence, event);
    this.#passage.stored(event.sequence, 1, this.#now);
  }

  /** The broker still takes so many of what is on the wire; their confirms are never heard. */
  #lose(count: number): void {
    this.#cut(count);
    this.#passage.lost(this.#now);
  }

  #cut(count: number): void {
    this.#arrived.push(...this.#wire.splice(0, count));
    this.#wire = [];
    this.#confirms = [];
    this.#againUnconfirmed.clear();
    this.#link = 'none';
  }

  /** The process dies: some of what was being written is on the disk, some erasures are not. */
  #crash(count: number): void {
    this.#cut(count);
    for (const event of this.#writing.splice(0, count)) this.#disk.set(event.sequence, event);
    this.#writing = [];
    for (const sequence of [...this.#erased].slice(count)) this.#disk.delete(sequence);
    for (const sequence of [...this.#erased].slice(0, count)) this.#erased.delete(sequence);
    for (const sequence of [...this.#erased]) if (!this.#disk.has(sequence)) this.#erased.delete(sequence);
    this.#reading = undefined;
    this.#waiting.clear();
    this.#passage = this.#create();
  }

  #answer(sequence: number, isDurable: boolean): void {
    for (const [key, waited] of this.#waiting) if (waited === sequence) this.#waiting.delete(key);
    if (!isDurable) return;
    if (this.#answered.has(sequence)) throw new Error(`${sequence} was answered twice`);
    this.#answered.add(sequence);
  }
}
