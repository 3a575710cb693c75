import { type Options, type Replies } from 'amqplib';
import { SeededRandom } from '../seeded-random';
import { type BrokerState } from './broker-state';
import { type ChannelQueues } from './channel-queues';
import { NODES } from './nodes';
import { Queue } from './queue';
import { argumentsOf } from './queue-arguments';
import { type ReplyCode } from './reply-code';

/** How long a declaration waits for a majority of the nodes. */
const DECLARE_TIMEOUT_MS = 15_000;

interface ChannelTopologyOptions {
  readonly state: BrokerState;
  readonly queues: ChannelQueues;
  readonly connection: object;
  /** The node that the channel is on. */
  readonly node: number;
  /** The broker closes the channel. */
  readonly fail: (code: ReplyCode, reason: string) => void;
}

/** What a channel declares, binds, checks and deletes. */
export class ChannelTopology {
  readonly #options: ChannelTopologyOptions;

  constructor(options: ChannelTopologyOptions) {
    this.#options = options;
  }

  declareExchange(exchange: string, type: string, done: () => void): void {
    const { state, fail } = this.#options;
    if (state.exchanges.declare(exchange, type)) fail(406, `inequivalent arg 'type' for exchange '${exchange}'`);
    else done();
  }

  checkExchange(exchange: string, done: () => void): void {
    const { state, fail } = this.#options;
    if (exchange === '') fail(403, 'operation not permitted on the default exchange');
    else if (state.exchanges.has(exchange)) done();
    else fail(404, `no exchange '${exchange}'`);
  }

  declareQueue(name: string, options: Options.AssertQueue, done: (reply: Replies.AssertQueue) => void): void {
    const { state, queues, connection, node } = this.#options;
    const { exchanges } = state;
    const existing = exchanges.queues.get(name);
    if (existing !== undefined) return queues.report(existing, done);
    const { type, ...rest } = argumentsOf(options);
    if (type === 'quorum' && !state.nodes.hasMajority(node)) return queues.failAfter(DECLARE_TIMEOUT_MS, name);
    const leader = new SeededRandom(state.scheduler.seed, `leader of ${name}`).below(NODES);
    const generated = `amq.gen-${(state.generated += 1)}`;
    const queue = new Queue(
      {
        name: name === '' ? generated : name,
        exclusiveTo: options.exclusive === true ? connection : undefined,
        type,
        ...rest,
      },
      state.areLeadersSpread && options.exclusive !== true ? leader : node,
      state,
      (exchange, routingKey, message) => {
        for (const target of exchanges.route(exchange, routingKey)) target.append(() => target.state.enqueue(message));
      },
    );
    exchanges.queues.set(queue.options.name, queue);
    queues.report(queue, done);
  }

  checkQueue(name: string, done: (reply: Replies.AssertQueue) => void): void {
    const queue = this.existing(name);
    this.#options.state.passiveDeclares += 1;
    if (queue !== undefined) this.#options.queues.report(queue, done);
  }

  deleteQueue(name: string, done: (reply: Replies.DeleteQueue) => void): void {
    const queue = this.existing(name);
    if (queue === undefined) return;
    this.#options.state.exchanges.deleteQueue(queue);
    done({ messageCount: queue.state.messageCount });
  }

  bindQueue(name: string, exchange: string, key: string, done: () => void): void {
    const { state, fail } = this.#options;
    if (this.existing(name) === undefined) return;
    if (!state.exchanges.has(exchange)) return fail(404, `no exchange '${exchange}'`);
    state.exchanges.bind(name, exchange, key);
    done();
  }

  /** @returns undefined, and closes the channel, if there is no such queue */
  existing(name: string): Queue | undefined {
    const { state, fail } = this.#options;
    const queue = state.exchanges.queues.get(name);
    if (queue === undefined) fail(404, `no queue '${name}'`);
    return queue;
  }
}
