import { EVENTS, type LaneGroup, WEBHOOKS } from '@pdaltagent/messaging';
import { BrokerClient, DeadLetterQueue } from '@pdaltagent/operations';
import { brokerOf, brokerVariables, readConfiguration } from '@pdaltagent/service';
import { type Terminal } from '../terminal';

export interface NamedQueue {
  readonly name: 'events' | 'webhooks';
  readonly laneGroup: LaneGroup;
  readonly queue: DeadLetterQueue;
}

export interface LaneGroupOptions {
  readonly events?: true;
  readonly webhooks?: true;
}

/** Opens the dead-letter queues of the requested lane groups (by default both), and closes everything at the end. */
export async function withDeadLetterQueues<Result>(
  { environment }: Pick<Terminal, 'environment'>,
  { events, webhooks }: LaneGroupOptions,
  use: (queues: readonly NamedQueue[], openClient: () => Promise<BrokerClient>) => Promise<Result>,
): Promise<Result> {
  const broker = brokerOf(readConfiguration(brokerVariables, environment));
  const clients: BrokerClient[] = [];
  const openClient = async () => {
    const client = await BrokerClient.open({ ...broker, name: 'pdaltagent command' });
    clients.push(client);
    return client;
  };
  const both = events === webhooks;
  try {
    const client = await openClient();
    const queues: NamedQueue[] = [];
    if (both || events)
      queues.push({ name: 'events', laneGroup: EVENTS, queue: await DeadLetterQueue.open(client, EVENTS) });
    if (both || webhooks)
      queues.push({ name: 'webhooks', laneGroup: WEBHOOKS, queue: await DeadLetterQueue.open(client, WEBHOOKS) });
    return await use(queues, openClient);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}
