import { type MessageStatus } from '@pdaltagent/delivery';
import { type Channel } from 'amqplib';
import { objectOf } from './announcement';
import { actionOf } from './dead-letters/event-action';
import { type HeldMessage } from './lane-consumer';
import { STATUS_EXCHANGE } from './topology';

/** What an operator's command asks all workers on the status exchange: who holds this message, or events of this alert? */
export interface Find {
  readonly kind: 'find';
  /** A message id, or a dedup key (of a webhook the incident). */
  readonly name: string;
  /** The asker's own queue. */
  readonly replyTo: string;
}

/** One message that a worker holds. Times are milliseconds since 1970. */
export interface HeldReport {
  readonly id: string;
  readonly type: string;
  /** What it does to its alert; `?`: only its destination can tell, or the worker is of an older version. */
  readonly action: string;
  readonly routingKey: string;
  readonly orderKey: string;
  readonly receivedAt: number;
  /** Its lane's or its siding's. */
  readonly queue: string;
  readonly attempts: number;
  readonly lastOutcome: string | undefined;
  readonly lastAttemptAt: number | undefined;
  readonly nextAttemptAt: number | undefined;
  /** What it waits for; `entering`: it came off its queue a moment ago, or is on its way to a siding. */
  readonly by: MessageStatus['by'] | 'entering';
  /** Messages of its alert that come first, of those that the worker holds. */
  readonly ahead: number;
}

/** A worker's answer; also one that holds nothing of it answers. */
export interface Report {
  readonly kind: 'report';
  /** The exchange whose lanes it works. */
  readonly group: string;
  readonly lanes: readonly number[];
  readonly held: readonly HeldReport[];
  /** How many more it holds than are told. */
  readonly more: number;
}

/** Of an alert with many events the first are told. */
const TOLD = 50;

export interface WhereaboutsPorts {
  readonly group: string;
  readonly lanes: () => Iterable<number>;
  readonly held: () => Iterable<HeldMessage>;
  readonly tell: (message: HeldMessage) => MessageStatus | undefined;
  readonly reply: (queue: string, body: Buffer) => void;
}

/** Answers who asks where a message is, from what the worker holds: no queue is disturbed. */
export class Whereabouts {
  readonly #ports: WhereaboutsPorts;

  constructor(ports: WhereaboutsPorts) {
    this.#ports = ports;
  }

  /** Listens on a queue of its own, as long as the channel lives. */
  async listen(channel: Channel): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
    await channel.bindQueue(queue, STATUS_EXCHANGE, '');
    await channel.consume(queue, (delivery) => delivery && this.#hear(delivery.content), { noAck: true });
  }

  #hear(content: Buffer): void {
    const find = findOf(content);
    if (find === undefined) return;
    const { group, lanes, held, reply } = this.#ports;
    const found = [...held()].filter((message) => message.id === find.name || alertOf(message) === find.name);
    const report: Report = {
      kind: 'report',
      group,
      lanes: [...lanes()],
      held: found.slice(0, TOLD).map((message) => this.#reportOf(message)),
      more: Math.max(0, found.length - TOLD),
    };
    reply(find.replyTo, Buffer.from(JSON.stringify(report)));
  }

  #reportOf(message: HeldMessage): HeldReport {
    const { id, type, routingKey, orderKey, receivedAt, lane } = message;
    const standing = this.#ports.tell(message);
    return {
      id,
      type,
      action: actionOf(message),
      routingKey,
      orderKey,
      receivedAt,
      queue: lane.queue,
      attempts: standing?.attempts ?? 0,
      lastOutcome: standing?.lastOutcome,
      lastAttemptAt: standing?.lastAttemptAt,
      nextAttemptAt: standing?.nextAttemptAt,
      by: standing?.by ?? 'entering',
      ahead: standing?.ahead ?? 0,
    };
  }
}

/** The dedup key (of a webhook the incident) within an order key; undefined where a message is ordered by something else. */
export function alertOf({
  routingKey,
  orderKey,
}: {
  readonly routingKey: string;
  readonly orderKey: string;
}): string | undefined {
  return orderKey.startsWith(`${routingKey}:`) ? orderKey.slice(routingKey.length + 1) : undefined;
}

function findOf(content: Buffer): Find | undefined {
  const value = objectOf(content);
  if (value?.kind !== 'find' || typeof value.name !== 'string' || typeof value.replyTo !== 'string') return undefined;
  return { kind: 'find', name: value.name, replyTo: value.replyTo };
}
