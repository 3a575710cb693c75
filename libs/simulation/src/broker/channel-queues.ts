import { type Replies } from 'amqplib';
import { type BrokerState } from './broker-state';
import { type Queue } from './queue';
import { QueueClient } from './queue-client';
import { type Figures, NONE } from './raft-group';
import { type RequestQueue } from './request-queue';

/** How long a channel waits for a queue that does not answer. */
const QUEUE_TIMEOUT_MS = 65_000;
/** How long a passive declaration waits for the figures of a queue. */
const STATE_TIMEOUT_MS = 250;

export interface ChannelQueuesPorts {
  readonly channel: object;
  readonly requests: RequestQueue;
  /** The node that the channel is on. */
  readonly node: number;
  /** A queue has caught up. */
  becameFast(): void;
  /** A queue did not answer, or is unreachable: the connection is closed. */
  failed(): void;
}

/** A channel's clients of queues, and how long the channel waits for queues. */
export class ChannelQueues {
  readonly #state: BrokerState;
  readonly #ports: ChannelQueuesPorts;
  readonly #clients = new Map<Queue, QueueClient>();
  #hasEnded = false;

  constructor(state: BrokerState, ports: ChannelQueuesPorts) {
    this.#state = state;
    this.#ports = ports;
  }

  /** Whether a queue lags too far behind the commands sent to it. */
  get isAnySlow(): boolean {
    return [...this.#clients.values()].some(({ isSlow }) => isSlow);
  }

  /**
   * The first message for a quorum queue is sent once its Raft group has answered. It is refused if that takes too long, and
   * at once if the leader's node is unreachable; the next message is then a first one again.
   */
  enqueue(queue: Queue, enqueue: () => void, taken: () => void, refused: () => void): void {
    const client = this.#clientOf(queue);
    if (client.isRefusing) return refused();
    if (client.isRegistered) return client.sendMessage(enqueue, taken);
    const resume = this.#ports.requests.pause();
    const giveUp = client.register(() => {
      cancel();
      client.sendMessage(enqueue, taken);
      resume();
    });
    const cancel = this.#state.scheduler.schedule(QUEUE_TIMEOUT_MS, `${queue.options.name}: no reply`, () => {
      giveUp();
      refused();
      resume();
    });
  }

  /** Waits for the queue until it has applied the command. */
  command(queue: Queue, command: () => void, done: () => void): void {
    const resume = this.#ports.requests.pause();
    const cancel = this.#state.scheduler.schedule(QUEUE_TIMEOUT_MS, `${queue.options.name}: no reply`, () => {
      if (!this.#hasEnded) this.#ports.failed();
    });
    this.#clientOf(queue).call(command, () => {
      cancel();
      if (this.#hasEnded) return;
      done();
      resume();
    });
  }

  /** As a command; but the connection is closed at once if the leader that the channel knows is unreachable. */
  get(queue: Queue, command: () => void, done: () => void): void {
    if (this.#clientOf(queue).reachesKnownLeader) this.command(queue, command, done);
    else this.#ports.failed();
  }

  /** Waits in vain. */
  failAfter(ms: number, queue: string): void {
    this.#ports.requests.pause();
    this.#state.scheduler.schedule(ms, `${queue}: cluster not formed`, () => {
      if (!this.#hasEnded) this.#ports.failed();
    });
  }

  settle(queue: Queue, command: () => void): void {
    this.#clientOf(queue).sendAcknowledgement(command);
  }

  /** Ready messages only, and zeros if the queue does not answer. */
  report(queue: Queue, done: (reply: Replies.AssertQueue) => void): void {
    const reply = ({ messageCount, consumerCount }: Figures): void =>
      done({ queue: queue.options.name, messageCount, consumerCount });
    const known = queue.figuresAt(this.#ports.node);
    if (known !== undefined) return reply(known);
    if (!queue.isStalled) return reply(queue.state);
    const resume = this.#ports.requests.pause();
    this.#state.scheduler.schedule(STATE_TIMEOUT_MS, `${queue.options.name}: no figures`, () => {
      reply(NONE);
      resume();
    });
  }

  end(): void {
    this.#hasEnded = true;
    for (const client of this.#clients.values()) client.close();
  }

  #clientOf(queue: Queue): QueueClient {
    const existing = this.#clients.get(queue);
    if (existing !== undefined) return existing;
    const { scheduler, nodes } = this.#state;
    const { channel, node } = this.#ports;
    const client = new QueueClient({
      queue,
      channel,
      node,
      scheduler,
      reaches: (other) => nodes.reaches(node, other),
      becameFast: () => this.#ports.becameFast(),
    });
    this.#clients.set(queue, client);
    return client;
  }
}
