import {
  accessRefusalIn,
  amqplibConnect,
  declareTopology,
  EVENTS,
  exchangesOf,
  queuesOf,
  removeFormerBindings,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { BrokerUnavailable } from '@pdaltagent/operations';
import { CliError } from '../terminal';
import { type SetupConfiguration } from './configuration';
import { type Management } from './management';

export interface TopologyResult {
  readonly exchanges: readonly string[];
  readonly declaredExchanges: readonly string[];
  readonly queues: readonly string[];
  readonly declaredQueues: readonly string[];
  readonly removedBindings: number;
}

const GROUPS = [EVENTS, WEBHOOKS];

/** Declares every exchange, queue and binding. @throws CliError, BrokerUnavailable */
export async function setUpTopology(
  { broker, queueType }: SetupConfiguration,
  management: Management,
): Promise<TopologyResult> {
  const before = { exchanges: await management.exchanges(), queues: await management.queues() };
  const exchanges = [...new Set(GROUPS.flatMap(exchangesOf).map(([name]) => name))];
  const queues = [...new Set(GROUPS.flatMap((group) => queuesOf(group, queueType)).map(({ queue }) => queue))];
  const { connection } = await connectTo(broker);
  let removedBindings = 0;
  try {
    for (const group of GROUPS) {
      const done = await declareTopology(connection, group, queueType, { hasFormerBindings: false });
      if (done === 'checked')
        throw new CliError(
          'the user of PDAGENTD_AMQP_URL may not declare exchanges and queues: use one with all permissions for the virtual ' +
            "host (rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*')",
        );
      const former = queuesOf(group, queueType).flatMap(({ queue, formerBinding }) =>
        formerBinding === undefined ? [] : [`${queue} ${formerBinding.key}`],
      );
      const bound = await management.bindingsOf(group.exchange);
      const found = bound.filter(({ queue, key }) => former.includes(`${queue} ${key}`));
      if (found.length === 0) continue;
      await removeFormerBindings(connection, group, queueType);
      removedBindings += found.length;
    }
  } catch (error) {
    const refusal = accessRefusalIn(error);
    if (refusal === undefined) throw error;
    throw new CliError(
      `user '${refusal.user}' may not ${refusal.permission} the ${refusal.object}: use one with all permissions in PDAGENTD_AMQP_URL`,
    );
  } finally {
    await connection.close().catch(() => undefined);
  }
  return {
    exchanges,
    declaredExchanges: exchanges.filter((name) => !before.exchanges.has(name)),
    queues,
    declaredQueues: queues.filter((name) => !before.queues.has(name)),
    removedBindings,
  };
}

async function connectTo({ url, authorities }: SetupConfiguration['broker']) {
  try {
    return await amqplibConnect(authorities)(url, 'pdaltagent setup');
  } catch (error) {
    throw new BrokerUnavailable(error instanceof Error ? error.message : String(error));
  }
}
