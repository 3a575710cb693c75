import { Circuit } from './circuit';
import { type Clock } from '@pdaltagent/clock';
import { type Entry, type Held, type KeyLine } from './key-queue';
import { Patience } from './hang-threshold';
import { Way } from './connectivity';

const PROBE_EVERY_MS = 1_000;

/** What stands behind several routing keys and fails for all of them together. */
export class Destination<M extends Held> {
  readonly circuit = new Circuit();
  readonly way = new Way();
  /** When the log last said that something in between refuses a message; monotonic clock. */
  refusalReportedAt = Number.NEGATIVE_INFINITY;
  readonly patience = new Patience<M>();
  readonly keys = new Set<KeyLine<M>>();
  /** Two of the messages, at most, whose attempts ended in exceptions of our own since anything was delivered. */
  readonly inError = new Set<string>();
  #probed: Entry<M> | undefined;
  #stopProbing: (() => void) | undefined;

  constructor(readonly name: string) {}

  /** Whether it is away for all its keys alike: then none of them has anybody to make way for, unless it is the key's own. */
  isAwayForAll(routingKey: string): boolean {
    return this.circuit.open && this.name !== routingKey && !this.circuit.mayBeAtFault(routingKey);
  }

  /** Calls back with one message to try, again and again, until the circuit closes. */
  startProbing(clock: Clock, start: (entry: Entry<M>) => void): void {
    this.#stopProbing = clock.after(PROBE_EVERY_MS, () => {
      this.startProbing(clock, start);
      const entry = this.#nextProbe();
      if (entry === undefined) return;
      entry.trials.probes += 1;
      entry.line.key.probes += 1;
      this.#probed = entry;
      start(entry);
    });
  }

  stopProbing(): void {
    this.#stopProbing?.();
    this.#stopProbing = undefined;
    this.#probed = undefined;
  }

  /**
   * One at a time, of the keys probed least the oldest of those tried least: neither a single bad message nor the backlog of
   * keys that fail by themselves can keep a circuit open. A probe that hangs holds up keys that have failed, and no others.
   */
  #nextProbe(): Entry<M> | undefined {
    const last = this.#probed;
    const hangs = last !== undefined && last.line.entries[0] === last && last.line.state === 'attempting';
    let chosen: Entry<M> | undefined;
    for (const key of this.keys) {
      if (!key.mayStart || (hangs && this.circuit.hasFailed(key.routingKey))) continue;
      for (const { isBusy, entries } of key.lines.values()) {
        const [head] = entries;
        if (head === undefined || isBusy) continue;
        if (chosen === undefined || this.#comesBefore(head, chosen)) chosen = head;
      }
    }
    return chosen;
  }

  #comesBefore(a: Entry<M>, b: Entry<M>): boolean {
    const failed = ({ line }: Entry<M>): number => Number(this.circuit.hasFailed(line.key.routingKey));
    const difference =
      failed(a) - failed(b) || a.line.key.probes - b.line.key.probes || a.trials.probes - b.trials.probes;
    return difference === 0 ? a.message.receivedAt < b.message.receivedAt : difference < 0;
  }
}
