import { announcementOf, type ParkedByLane, STATUS_EXCHANGE } from '@pdaltagent/messaging';
import { delay } from '@pdaltagent/clock';
import { type BrokerClient } from './broker-client';

/** Workers announce themselves every two seconds. */
const LISTEN_MS = 2_500;

/** The workers of an exchange. */
export interface WorkersHeard {
  readonly count: number;
  /** Number of parked keys by lane, of lanes that have any. */
  readonly parked: ReadonlyMap<number, number>;
}

/** Listens until every worker must have announced itself. @returns the workers by exchange */
export async function listWorkers(client: BrokerClient): Promise<ReadonlyMap<string, WorkersHeard>> {
  const heard = new Map<string, Map<string, ParkedByLane>>();
  const channel = await client.channel();
  const { queue } = await client.withTimeout(channel.assertQueue('', { exclusive: true, durable: false }));
  await client.withTimeout(channel.bindQueue(queue, STATUS_EXCHANGE, ''));
  const receive = (content: Buffer): void => {
    const announcement = announcementOf(content);
    if (announcement === undefined) return;
    const { group, member } = announcement;
    const members = heard.get(group) ?? new Map<string, ParkedByLane>();
    heard.set(group, members);
    if (announcement.kind === 'here') members.set(member, announcement.parked);
    else members.delete(member);
  };
  await client.withTimeout(
    channel.consume(queue, (delivery) => delivery && receive(delivery.content), { noAck: true }),
  );
  await delay(client.clock, LISTEN_MS);
  await client.withTimeout(channel.close());
  return new Map(
    [...heard].map(([group, members]) => [
      group,
      { count: members.size, parked: new Map([...members.values()].flat()) },
    ]),
  );
}
