import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { declareStream, type JournalLimits } from '@pdaltagent/journal';
import {
  accessRefusalIn,
  amqplibConnect,
  declareTopology,
  EVENTS,
  exchangesOf,
  JOURNAL,
  queuesOf,
  removeFormerBindings,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { BrokerUnavailable } from '@pdaltagent/operations';
import { type ChannelModel } from 'amqplib';
import { CliError } from '../terminal';
import { type SetupConfiguration } from './configuration';
import { type Management } from './management';

export interface TopologyResult {
  readonly exchanges: readonly string[];
  readonly declaredExchanges: readonly string[];
  readonly queues: readonly string[];
  readonly declaredQueues: readonly string[];
  readonly removedBindings: number;
  /** Why there is no journal, although it is not switched off: RabbitMQ refuses its stream. Everything else works without it. */
  readonly journalProblem: string | undefined;
}

const GROUPS = [EVENTS, WEBHOOKS];

/** Declares every exchange, queue and binding. @throws CliError, BrokerUnavailable */
export async function setUpTopology(
  { broker, queueType, journal }: SetupConfiguration,
  management: Management,
): Promise<TopologyResult> {
  const before = { exchanges: await management.exchanges(), queues: await management.queues() };
  const exchanges = [...new Set(GROUPS.flatMap(exchangesOf).map(([name]) => name))];
  const queues = [...new Set(GROUPS.flatMap((group) => queuesOf(group, queueType)).map(({ queue }) => queue))];
  const { connection } = await connectTo(broker);
  let removedBindings = 0;
  let journalProblem: string | undefined;
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
    // Last: a broker that does not know streams may close the connection.
    if (journal !== undefined) journalProblem = await setUpJournal(connection, journal);
  } catch (error) {
    const refusal = accessRefusalIn(error);
    if (refusal === undefined) throw error;
    throw new CliError(
      `user '${refusal.user}' may not ${refusal.permission} the ${refusal.object}: use one with all permissions in PDAGENTD_AMQP_URL`,
    );
  } finally {
    await connection.close().catch(() => undefined);
  }
  if (journal !== undefined && journalProblem === undefined) {
    exchanges.push(JOURNAL);
    queues.push(JOURNAL);
  }
  return {
    exchanges,
    declaredExchanges: exchanges.filter((name) => !before.exchanges.has(name)),
    queues,
    declaredQueues: queues.filter((name) => !before.queues.has(name)),
    removedBindings,
    journalProblem,
  };
}

/** Declares the journal's exchange and stream; a stream that exists keeps its limits. @returns why it has none, if it is refused */
async function setUpJournal(connection: ChannelModel, limits: JournalLimits): Promise<string | undefined> {
  try {
    await declareStream(connection, { limits, mode: 'declare', isUnbound: true, clock: SYSTEM_CLOCK });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function connectTo({ url, authorities }: SetupConfiguration['broker']) {
  try {
    return await amqplibConnect(authorities)(url, 'pdaltagent setup');
  } catch (error) {
    throw new BrokerUnavailable(error instanceof Error ? error.message : String(error));
  }
}
