import { alertNameOf } from '@pdaltagent/messaging';
import {
  brokerOf,
  brokerVariables,
  digestVariables,
  type NameDigest,
  nameDigest,
  readConfiguration,
  redisOf,
  redisVariables,
  type ServerAddress,
} from '@pdaltagent/service';
import { DeliveredMarkers, LastDeliveries } from '@pdaltagent/store';
import { Command } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { indexOption, openStream } from '../journal/open';
import { pastOption } from '../option-values';
import { withStore } from '../status/redis';
import { isSet } from '../status/unconfigured';
import { type Terminal } from '../terminal';
import { queryBroker, LANE_GROUPS, type TraceRequest } from './query';
import { historyOf } from './history';
import { acceptedAtOf } from './message-id';
import { type Remembered, traceReport } from './report';
import { formatReport } from './text';

export interface TraceOptions {
  readonly key?: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly index?: true;
  readonly json?: true;
}

export function traceCommand(terminal: Terminal, run: CommandRunner): Command {
  return new Command('trace')
    .description(
      'tell what became of an event or a webhook: delivered, held by a worker and why, waiting, or a dead letter',
    )
    .argument('<name>', 'a message id, a dedup key (v1: incident key), or, for a webhook, the id of its incident')
    .option('--key <key>', 'only of this routing key, in full (for a webhook: this destination); also shows the lane')
    .option(
      '--since <time>',
      'the history since: a time (ISO 8601) or an age (30min, 2h, 3d); default: since the time in the id, otherwise 1d',
      (text) => pastOption(text, terminal.now()),
    )
    .addOption(indexOption())
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((name: string, options: TraceOptions) => run(trace(terminal, name, options)));
}

/** @returns 0 if it was found, 1 if nothing is known about it */
async function trace(terminal: Terminal, name: string, { key, since, index, json }: TraceOptions): Promise<number> {
  const configuration = readConfiguration(
    { ...brokerVariables, ...redisVariables, ...digestVariables },
    terminal.environment,
  );
  const question = { name, key };
  const [remembered, found, history] = await Promise.all([
    rememberedOf(terminal, redisOf(configuration), nameDigest(configuration), question),
    queryBroker(brokerOf(configuration), question, terminal.now()),
    historyOf(terminal, openStream(terminal, 'trace'), { ...question, since, index }),
  ]);
  const report = traceReport(question, remembered, found, history);
  const acceptedAt = acceptedAtOf(name);
  const age = acceptedAt === undefined ? undefined : terminal.now() - acceptedAt;
  terminal.out(json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report, age, history, terminal.columns));
  return report.found ? 0 : 1;
}

/** Redis stores the ids of delivered messages, and for a day the latest delivery of each alert. */
async function rememberedOf(
  { environment }: Terminal,
  redis: ServerAddress,
  digest: NameDigest,
  { name, key }: TraceRequest,
): Promise<Remembered> {
  const alert = key === undefined ? undefined : alertNameOf({ routingKey: key, orderKey: `${key}:${name}` }, digest);
  const known = await withStore(redis, async (store) => {
    const delivered = await new DeliveredMarkers(store, 1).has([name]);
    const last = LANE_GROUPS.map(async ({ name: laneGroup }) =>
      (await new LastDeliveries(store, laneGroup, digest).of(name, alert)).map((delivery) => ({
        laneGroup,
        ...delivery,
      })),
    );
    return { delivered: delivered.has(name), last: (await Promise.all(last)).flat() };
  }).catch(() => undefined);
  if (known !== undefined) return { ...known, delivered: known.delivered ? 'delivered' : 'not remembered' };
  const isConfigured = isSet(redisVariables.redisUrl, environment);
  return { delivered: isConfigured ? 'Redis is away' : 'Redis is not configured', last: [] };
}

const HELP = `
Four sources are queried. The journal tells each attempt and what became of it, in order of cause, also of events that
were delivered days ago. Redis knows whether a message id was delivered (for PDAGENTD_EVENT_MAX_AGE_SECONDS) and which
event of an alert was delivered last (for a day). The workers report what they hold, how often it was tried, with which
outcome, and what it waits for. The dead letters are searched. No message is taken from its queue. A sender knows its
dedup key, and the message id from the header X-PDaltagent-Event-Id of the response. With PDAGENTD_LOG_LEVEL=debug the
gateway and the workers log the id of each event.

A worker holds at most 64 messages of a lane, and 64 of each siding. Messages that wait after these in the broker
cannot be examined, only counted, for the lane of the key.

examples:
  pdaltagent trace 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b      one event, by its message id
  pdaltagent trace db1/disk --since 3d                       the latest 20 events of an alert
  pdaltagent trace db1/disk --key YOUR_32_CHARACTER_ROUTING_KEY
                                                             of one routing key only, with its lane
  pdaltagent trace Q2F5A0KJ0Z5K9V --key crm --json           webhooks of an incident to the destination crm

exit codes: 0 found, 1 nothing is known of it
`;
