import {
  hasReplyCode,
  type HeldReport,
  objectOf,
  parkedByLane,
  REPLY_EXCHANGE,
  STATUS_EXCHANGE,
  type TraceQuery,
  type TraceReply,
} from '@pdaltagent/messaging';
import { delay } from '@pdaltagent/clock';
import { type BrokerClient } from './broker-client';

/** The combined replies of the workers of one exchange. */
export interface Findings {
  /** Lanes whose worker replied. */
  readonly lanes: ReadonlySet<number>;
  /** Number of parked keys by lane, of lanes that have any. */
  readonly parked: ReadonlyMap<number, number>;
  readonly held: readonly HeldReport[];
  /** Number of further messages that are held but not listed. */
  readonly more: number;
}

/** Workers reply immediately, unless they are paused or cannot publish. */
const WAIT_MS = 1_500;

/**
 * Asks every worker whether it holds a message, by its id, or messages of an alert, by its dedup key. No queue is
 * touched. `enough` is called after each reply and ends the wait early.
 * @returns the replies by exchange @throws BrokerUnavailable
 */
export async function findMessages(
  client: BrokerClient,
  name: string,
  enough: (findings: ReadonlyMap<string, Findings>) => boolean,
): Promise<ReadonlyMap<string, Findings>> {
  const findings = new Map<string, Findings>();
  const { channel, queue, exchange } = await openReplyQueue(client);
  await new Promise<void>((resolve, reject) => {
    const receive = (content: Buffer): void => {
      const report = replyOf(content);
      if (report === undefined) return;
      findings.set(report.group, merge(findings.get(report.group), report));
      if (enough(findings)) resolve();
    };
    const query: TraceQuery = { kind: 'find', name, replyTo: queue, exchange };
    client
      .withTimeout(channel.consume(queue, (delivery) => delivery && receive(delivery.content), { noAck: true }))
      .then(() => {
        channel.publish(STATUS_EXCHANGE, '', Buffer.from(JSON.stringify(query)));
        return delay(client.clock, WAIT_MS);
      })
      .then(() => resolve(), reject);
  });
  await client.withTimeout(channel.close());
  return findings;
}

/** Workers of earlier versions reply through the default exchange, whatever they are asked; before them there was no other. */
export async function openReplyQueue(client: BrokerClient) {
  const channel = await client.channel();
  const { queue } = await client.withTimeout(channel.assertQueue('', { exclusive: true, durable: false }));
  try {
    await client.withTimeout(channel.bindQueue(queue, REPLY_EXCHANGE, queue));
    return { channel, queue, exchange: REPLY_EXCHANGE } as const;
  } catch (error) {
    if (!hasReplyCode(error, 404)) throw error;
    // The queue is the connection's; only the channel is closed.
    return { channel: await client.channel(), queue, exchange: undefined };
  }
}

function merge(known: Findings | undefined, { lanes, parked, held, more }: TraceReply): Findings {
  return {
    lanes: new Set([...(known?.lanes ?? []), ...lanes]),
    parked: new Map([...(known?.parked ?? []), ...parked]),
    held: [...(known?.held ?? []), ...held],
    more: (known?.more ?? 0) + more,
  };
}

/** A worker's reply; undefined for anything else. */
export function replyOf(content: Buffer): TraceReply | undefined {
  const value = objectOf(content);
  if (value?.kind !== 'report' || typeof value.group !== 'string') return undefined;
  const { group, lanes, parked, held, more } = value;
  if (!Array.isArray(lanes) || !Array.isArray(held)) return undefined;
  return {
    kind: 'report',
    group,
    lanes: lanes.filter((lane): lane is number => typeof lane === 'number'),
    parked: parkedByLane(parked),
    held: held.flatMap(heldReportOf),
    more: typeof more === 'number' ? more : 0,
  };
}

function heldReportOf(value: unknown): HeldReport[] {
  if (typeof value !== 'object' || value === null) return [];
  const report = { action: '?', ...value };
  return isHeldReport(report) ? [report] : [];
}

function isHeldReport(value: object): value is HeldReport {
  const texts = ['id', 'type', 'action', 'routingKey', 'orderKey', 'queue', 'by'] as const;
  const numbers = ['receivedAt', 'attempts', 'ahead'] as const;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return (
    texts.every((name) => typeof fields[name] === 'string') && numbers.every((name) => typeof fields[name] === 'number')
  );
}
