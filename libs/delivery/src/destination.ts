import { Circuit } from './circuit';
import { type Clock } from '@pdaltagent/clock';
import { type Deliverable, type KeyQueue, type QueuedMessage } from './key-queue';
import { HangThreshold } from './hang-threshold';
import { Connectivity } from './connectivity';

const PROBE_EVERY_MS = 1_000;

/** What stands behind several routing keys and fails for all of them together. */
export class Destination<M extends Deliverable> {
  readonly circuit = new Circuit();
  readonly connectivity = new Connectivity();
  /** When the log last said that something in between refuses a message; monotonic clock. */
  refusalReportedAt = Number.NEGATIVE_INFINITY;
  readonly hangThreshold = new HangThreshold<M>();
  readonly keys = new Set<KeyQueue<M>>();
  /** Two of the messages, at most, whose attempts ended in exceptions of our own since anything was delivered. */
  readonly inError = new Set<string>();
  #probed: QueuedMessage<M> | undefined;
  #stopProbing: (() => void) | undefined;

  constructor(readonly name: string) {}

  /** Whether it is away for all its keys alike: then none of them has anybody to make way for, unless it is the key's own. */
  isUnreachableForAll(routingKey: string): boolean {
    return this.circuit.open && this.name !== routingKey && !this.circuit.mayBeAtFault(routingKey);
  }

  /** Calls back with one message to try, again and again, until the circuit closes. */
  startProbing(clock: Clock, start: (entry: QueuedMessage<M>) => void): void {
    this.#stopProbing = clock.after(PROBE_EVERY_MS, () => {
      this.startProbing(clock, start);
      const entry = this.#nextProbe();
      if (entry === undefined) return;
      entry.history.probes += 1;
      entry.queue.key.probes += 1;
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
  #nextProbe(): QueuedMessage<M> | undefined {
    const last = this.#probed;
    const hangs = last !== undefined && last.queue.entries[0] === last && last.queue.state === 'attempting';
    let chosen: QueuedMessage<M> | undefined;
    for (const key of this.keys) {
      if (!key.mayStart || (hangs && this.circuit.hasFailed(key.routingKey))) continue;
      for (const { isBusy, entries } of key.queues.values()) {
        const [head] = entries;
        if (head === undefined || isBusy) continue;
        if (chosen === undefined || this.#comesBefore(head, chosen)) chosen = head;
      }
    }
    return chosen;
  }

  #comesBefore(a: QueuedMessage<M>, b: QueuedMessage<M>): boolean {
    const failed = ({ queue }: QueuedMessage<M>): number => Number(this.circuit.hasFailed(queue.key.routingKey));
    const difference =
      failed(a) - failed(b) || a.queue.key.probes - b.queue.key.probes || a.history.probes - b.history.probes;
    return difference === 0 ? a.message.receivedAt < b.message.receivedAt : difference < 0;
  }
}
