import { delay } from '@pdaltagent/clock';
import { STATUS_EXCHANGE, type TraceQuery } from '@pdaltagent/messaging';
import { type BrokerClient } from './broker-client';
import { openReplyQueue, replyOf } from './find-messages';

/**
 * Queries that are sent before the replies to them are awaited: for each of them a worker looks at everything that it holds, and it
 * delivers nothing meanwhile.
 */
const TOGETHER = 5;
/** Workers reply immediately, unless they are paused or cannot publish. */
const WAIT_MS = 1_500;

/** Which messages workers hold. */
export interface HeldIds {
  readonly held: ReadonlySet<string>;
  /** Number of lanes whose worker did not reply: it may hold the others. */
  readonly lanesWithoutReply: number;
}

/**
 * Asks every worker which of these messages it holds. No queue is touched.
 * @param lanes those that have a worker, by exchange @throws BrokerUnavailable
 */
export async function findHeldIds(
  client: BrokerClient,
  ids: readonly string[],
  lanes: ReadonlyMap<string, readonly number[]>,
): Promise<HeldIds> {
  const wanted = new Set(ids);
  const held = new Set<string>();
  const expected = new Set([...lanes].flatMap(([exchange, numbers]) => numbers.map((lane) => `${exchange} ${lane}`)));
  const silent = new Set<string>();
  if (expected.size === 0 || ids.length === 0) return { held, lanesWithoutReply: 0 };
  const { channel, queue, exchange } = await openReplyQueue(client);
  /** Number of replies to the current queries, by lane. */
  let replies = new Map<string, number>();
  let onReply: () => void = () => undefined;
  const receive = (content: Buffer): void => {
    const reply = replyOf(content);
    if (reply === undefined) return;
    for (const { id } of reply.held) if (wanted.has(id)) held.add(id);
    for (const lane of reply.lanes) {
      const name = `${reply.group} ${lane}`;
      replies.set(name, (replies.get(name) ?? 0) + 1);
    }
    onReply();
  };
  await client.withTimeout(
    channel.consume(queue, (delivery) => delivery && receive(delivery.content), { noAck: true }),
  );
  for (let start = 0; start < ids.length; start += TOGETHER) {
    const queries = ids.slice(start, start + TOGETHER);
    replies = new Map();
    const missing = (): string[] =>
      [...expected].filter((lane) => !silent.has(lane) && (replies.get(lane) ?? 0) < queries.length);
    const answered = new Promise<void>((resolve) => {
      onReply = () => {
        if (missing().length === 0) resolve();
      };
    });
    for (const name of queries) {
      const query: TraceQuery = { kind: 'find', name, replyTo: queue, exchange };
      channel.publish(STATUS_EXCHANGE, '', Buffer.from(JSON.stringify(query)));
    }
    await client.withTimeout(Promise.race([answered, delay(client.clock, WAIT_MS)]));
    // It is waited for once: otherwise a thousand queries would take minutes.
    for (const lane of missing()) silent.add(lane);
  }
  await client.withTimeout(channel.close());
  return { held, lanesWithoutReply: silent.size };
}
