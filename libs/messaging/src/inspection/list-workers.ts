import { delay } from '@pdaltagent/clock';
import { announcementOf } from '../announcement';
import { STATUS_EXCHANGE } from '../topology';
import { type BrokerClient } from './broker-client';

/** Workers announce themselves every two seconds. */
const LISTEN_MS = 2_500;

/** Listens until every worker must have announced itself. @returns the number of workers per exchange */
export async function listWorkers(client: BrokerClient): Promise<ReadonlyMap<string, number>> {
  const heard = new Map<string, Set<string>>();
  const channel = await client.channel();
  const { queue } = await client.withTimeout(channel.assertQueue('', { exclusive: true, durable: false }));
  await client.withTimeout(channel.bindQueue(queue, STATUS_EXCHANGE, ''));
  const receive = (content: Buffer): void => {
    const announcement = announcementOf(content);
    if (announcement === undefined) return;
    const { group, member, kind } = announcement;
    const members = heard.get(group) ?? new Set();
    heard.set(group, members);
    if (kind === 'here') members.add(member);
    else members.delete(member);
  };
  await client.withTimeout(
    channel.consume(queue, (delivery) => delivery && receive(delivery.content), { noAck: true }),
  );
  await delay(client.clock, LISTEN_MS);
  await client.withTimeout(channel.close());
  return new Map([...heard].map(([group, members]) => [group, members.size]));
}
