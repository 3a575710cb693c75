import { BrokerLink, EVENTS, type Family, Shelf, WEBHOOKS } from '@pdaltagent/messaging';
import { brokerVariables, readConfiguration } from '@pdaltagent/service';
import { type Terminal } from '../terminal';

export interface NamedShelf {
  readonly name: 'events' | 'webhooks';
  readonly family: Family;
  readonly shelf: Shelf;
}

export interface FamilyOptions {
  readonly events?: true;
  readonly webhooks?: true;
}

/** Opens the dead letters of the families that were asked for, both where none was, and closes all in the end. */
export async function withShelves<Result>(
  { environment }: Pick<Terminal, 'environment'>,
  { events, webhooks }: FamilyOptions,
  use: (shelves: readonly NamedShelf[], openLink: () => Promise<BrokerLink>) => Promise<Result>,
): Promise<Result> {
  const { amqpUrl } = readConfiguration(brokerVariables, environment);
  const links: BrokerLink[] = [];
  const openLink = async () => {
    const link = await BrokerLink.open({ url: amqpUrl, name: 'pdaltagent command' });
    links.push(link);
    return link;
  };
  const both = events === webhooks;
  try {
    const link = await openLink();
    const shelves: NamedShelf[] = [];
    if (both || events) shelves.push({ name: 'events', family: EVENTS, shelf: await Shelf.open(link, EVENTS) });
    if (both || webhooks) shelves.push({ name: 'webhooks', family: WEBHOOKS, shelf: await Shelf.open(link, WEBHOOKS) });
    return await use(shelves, openLink);
  } finally {
    await Promise.all(links.map((link) => link.close()));
  }
}
