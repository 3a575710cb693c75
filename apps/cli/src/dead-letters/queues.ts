import { BrokerClient, DeadLetterQueue, EVENTS, type LaneGroup, WEBHOOKS } from '@pdaltagent/messaging';
import { brokerVariables, readConfiguration } from '@pdaltagent/service';
import { type Terminal } from '../terminal';

export interface NamedShelf {
  readonly name: 'events' | 'webhooks';
  readonly family: LaneGroup;
  readonly shelf: DeadLetterQueue;
}

export interface FamilyOptions {
  readonly events?: true;
  readonly webhooks?: true;
}

/** Opens the dead letters of the families that were asked for, both where none was, and closes all in the end. */
export async function withShelves<Result>(
  { environment }: Pick<Terminal, 'environment'>,
  { events, webhooks }: FamilyOptions,
  use: (shelves: readonly NamedShelf[], openLink: () => Promise<BrokerClient>) => Promise<Result>,
): Promise<Result> {
  const { amqpUrl } = readConfiguration(brokerVariables, environment);
  const links: BrokerClient[] = [];
  const openLink = async () => {
    const link = await BrokerClient.open({ url: amqpUrl, name: 'pdaltagent command' });
    links.push(link);
    return link;
  };
  const both = events === webhooks;
  try {
    const link = await openLink();
    const shelves: NamedShelf[] = [];
    if (both || events)
      shelves.push({ name: 'events', family: EVENTS, shelf: await DeadLetterQueue.open(link, EVENTS) });
    if (both || webhooks)
      shelves.push({ name: 'webhooks', family: WEBHOOKS, shelf: await DeadLetterQueue.open(link, WEBHOOKS) });
    return await use(shelves, openLink);
  } finally {
    await Promise.all(links.map((link) => link.close()));
  }
}
