import { delay } from '@pdaltagent/clock';
import { announcementOf } from '../announcement';
import { STATUS_EXCHANGE } from '../topology';
import { type BrokerClient } from './broker-client';

/** Workers announce themselves every two seconds. */
const LISTEN_MS = 2_500;

/** Listens until every worker must have announced itself. @returns how many there are per exchange */
export async function listWorkers(link: BrokerClient): Promise<ReadonlyMap<string, number>> {
  const heard = new Map<string, Set<string>>();
  const channel = await link.channel();
  const { queue } = await link.answer(channel.assertQueue('', { exclusive: true, durable: false }));
  await link.answer(channel.bindQueue(queue, STATUS_EXCHANGE, ''));
  const hear = (content: Buffer): void => {
    const announcement = announcementOf(content);
    if (announcement === undefined) return;
    const { group, member, kind } = announcement;
    const members = heard.get(group) ?? new Set();
    heard.set(group, members);
    if (kind === 'here') members.add(member);
    else members.delete(member);
  };
  await link.answer(channel.consume(queue, (delivery) => delivery && hear(delivery.content), { noAck: true }));
  await delay(link.clock, LISTEN_MS);
  await link.answer(channel.close());
  return new Map([...heard].map(([group, members]) => [group, members.size]));
}
