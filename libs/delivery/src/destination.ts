import { Circuit } from './circuit';
import { type Clock } from '@pdaltagent/clock';
import { type Deliverable, type KeyQueue, type QueuedMessage } from './key-queue';
import { HangThreshold } from './hang-threshold';
import { Connectivity } from './connectivity';

const PROBE_EVERY_MS = 1_000;

/** A destination that several routing keys share, and that fails for all of them together. */
export class Destination<M extends Deliverable> {
  readonly circuit = new Circuit();
  readonly connectivity = new Connectivity();
  /** When a message refused by an intermediary was last logged; monotonic clock. */
  refusalReportedAt = Number.NEGATIVE_INFINITY;
  readonly hangThreshold = new HangThreshold<M>();
  readonly keys = new Set<KeyQueue<M>>();
  /** At most two ids of messages whose attempts ended in an exception since anything was delivered. */
  readonly inError = new Set<string>();
  #probed: QueuedMessage<M> | undefined;
  #stopProbing: (() => void) | undefined;

  constructor(readonly name: string) {}

  /** Whether it is unavailable for all its keys alike, so that parking this key would help no other. */
  isUnreachableForAll(routingKey: string): boolean {
    return this.circuit.isOpen && this.name !== routingKey && !this.circuit.mayBeAtFault(routingKey);
  }

  /** Calls back periodically with one message to try, until the circuit closes. */
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
   * One at a time: of the keys probed least, the oldest of the messages probed least. Neither a single bad message
   * nor the backlog of keys that fail independently can keep a circuit open. A probe that hangs delays keys that have
   * failed, and no others.
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
