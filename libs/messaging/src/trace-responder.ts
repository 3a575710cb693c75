import { type BlockedBy, type MessageStatus } from '@pdaltagent/delivery';
import { type Channel } from 'amqplib';
import { objectOf, type ParkedByLane } from './announcement';
import { actionOf } from './dead-letters/event-action';
import { type UnackedMessage } from './lane-channel';
import { REPLY_EXCHANGE, STATUS_EXCHANGE } from './topology';

/** A command's question to all workers on the status exchange: who holds this message, or events of this alert? */
export interface TraceQuery {
  readonly kind: 'find';
  /** A message id, or a dedup key (for a webhook, the incident). */
  readonly name: string;
  /** The exclusive queue of the command. */
  readonly replyTo: string;
  /** Through which the reply is to be sent; undefined: the default exchange, for a command of an earlier version. */
  readonly exchange?: typeof REPLY_EXCHANGE | undefined;
}

/** What blocks a message, as commands of every version know it. */
const WIRE_NAMES = {
  attempt: 'attempt',
  settling: 'end',
  predecessor: 'former',
  paused: 'paused',
  unavailable: 'away',
  throttled: 'throttled',
  backoff: 'backoff',
  queued: 'turn',
} as const satisfies Record<BlockedBy, string>;

/** One message that a worker holds. Times are milliseconds since 1970. */
export interface HeldReport {
  readonly id: string;
  readonly type: string;
  /** What it does to its alert; `?` if only its destination knows, or the worker is of an older version. */
  readonly action: string;
  readonly routingKey: string;
  readonly orderKey: string;
  readonly receivedAt: number;
  /** The queue of its lane or siding. */
  readonly queue: string;
  readonly attempts: number;
  readonly lastOutcome: string | undefined;
  readonly lastAttemptAt: number | undefined;
  readonly nextAttemptAt: number | undefined;
  /**
   * What it waits for; `entering`: it has just been consumed, or is on its way to a siding. Workers of older versions also say
   * `moving`: its key is being parked.
   */
  readonly by: (typeof WIRE_NAMES)[BlockedBy] | 'entering' | 'moving';
  /** Number of messages of its alert before it, among those that the worker holds. */
  readonly ahead: number;
}

/** A worker's reply; a worker that holds no such message replies too. */
export interface TraceReply {
  readonly kind: 'report';
  /** The exchange whose lanes it consumes. */
  readonly group: string;
  readonly lanes: readonly number[];
  /** Workers of older versions do not say. */
  readonly parked: ParkedByLane;
  readonly held: readonly HeldReport[];
  /** Number of further messages that it holds. */
  readonly more: number;
}

/** The most messages in one reply. */
const MAX_REPORTED = 50;

export interface TraceResponderPorts {
  readonly group: string;
  readonly lanes: () => Iterable<number>;
  readonly parked: () => ParkedByLane;
  readonly held: () => Iterable<UnackedMessage>;
  readonly statusOf: (message: UnackedMessage) => MessageStatus | undefined;
  readonly reply: (exchange: string, queue: string, body: Buffer) => void;
}

/** Answers trace queries from what the worker holds: no queue is touched. */
export class TraceResponder {
  readonly #ports: TraceResponderPorts;

  constructor(ports: TraceResponderPorts) {
    this.#ports = ports;
  }

  /** Listens on an exclusive queue until the channel closes. */
  async listen(channel: Channel): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
    await channel.bindQueue(queue, STATUS_EXCHANGE, '');
    await channel.consume(queue, (delivery) => delivery && this.#onQuery(delivery.content), { noAck: true });
  }

  #onQuery(content: Buffer): void {
    const query = queryOf(content);
    if (query === undefined) return;
    const { group, lanes, parked, held, reply } = this.#ports;
    const found = [...held()].filter((message) => message.id === query.name || alertOf(message) === query.name);
    const report: TraceReply = {
      kind: 'report',
      group,
      lanes: [...lanes()],
      parked: parked(),
      held: found.slice(0, MAX_REPORTED).map((message) => this.#reportOf(message)),
      more: Math.max(0, found.length - MAX_REPORTED),
    };
    reply(query.exchange ?? '', query.replyTo, Buffer.from(JSON.stringify(report)));
  }

  #reportOf(message: UnackedMessage): HeldReport {
    const { id, type, routingKey, orderKey, receivedAt, queue } = message;
    const status = this.#ports.statusOf(message);
    return {
      id,
      type,
      action: actionOf(message),
      routingKey,
      orderKey,
      receivedAt,
      queue,
      attempts: status?.attempts ?? 0,
      lastOutcome: status?.lastOutcome,
      lastAttemptAt: status?.lastAttemptAt,
      nextAttemptAt: status?.nextAttemptAt,
      by: status === undefined ? 'entering' : WIRE_NAMES[status.blockedBy],
      ahead: status?.ahead ?? 0,
    };
  }
}

/** The dedup key (for a webhook, the incident) in an order key; undefined if the message is ordered by something else. */
export function alertOf({
  routingKey,
  orderKey,
}: {
  readonly routingKey: string;
  readonly orderKey: string;
}): string | undefined {
  return orderKey.startsWith(`${routingKey}:`) ? orderKey.slice(routingKey.length + 1) : undefined;
}

function queryOf(content: Buffer): TraceQuery | undefined {
  const value = objectOf(content);
  if (value?.kind !== 'find' || typeof value.name !== 'string' || typeof value.replyTo !== 'string') return undefined;
  // No other: a query must not make a worker write elsewhere.
  const exchange = value.exchange === REPLY_EXCHANGE ? REPLY_EXCHANGE : undefined;
  return { kind: 'find', name: value.name, replyTo: value.replyTo, exchange };
}
