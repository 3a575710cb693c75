import { brokerVariables, readConfiguration, redisVariables } from '@pdaltagent/service';
import { DeliveredMarkers } from '@pdaltagent/store';
import { Command } from 'commander';
import { type Runner } from '../dead-letters/command';
import { withStore } from '../status/redis';
import { type Terminal } from '../terminal';
import { queryBroker } from './query';
import { acceptedAtOf } from './message-id';
import { type Delivered, traceReport } from './report';
import { formatReport } from './text';

export interface TraceOptions {
  readonly key?: string;
  readonly json?: true;
}

export function traceCommand(terminal: Terminal, finish: Runner): Command {
  return new Command('trace')
    .description('find an event or a webhook: delivered, held by a worker and why, waiting, or a dead letter')
    .argument('<name>', 'a message id, a dedup key (v1: incident key), or, for a webhook, the id of its incident')
    .option('--key <key>', 'only of this routing key (for a webhook: this destination); also shows the lane')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((name: string, options: TraceOptions) => finish(trace(terminal, name, options)));
}

/** @returns 0 where it was found, 1 where nothing is known of it */
async function trace(terminal: Terminal, name: string, { key, json }: TraceOptions): Promise<number> {
  const { amqpUrl, redisUrl } = readConfiguration({ ...brokerVariables, ...redisVariables }, terminal.environment);
  const question = { name, key };
  const [delivered, answers] = await Promise.all([
    markerOf(redisUrl, name),
    queryBroker(amqpUrl, question, terminal.now()),
  ]);
  const report = traceReport(question, delivered, answers);
  const acceptedAt = acceptedAtOf(name);
  const age = acceptedAt === undefined ? undefined : terminal.now() - acceptedAt;
  terminal.out(json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report, age));
  return report.found ? 0 : 1;
}

/** Redis remembers each delivered message by its id, for as long as a message may be given out again. */
async function markerOf(redisUrl: string, id: string): Promise<Delivered> {
  const known = await withStore(redisUrl, (store) => new DeliveredMarkers(store, 1).has([id])).catch(() => undefined);
  if (known === undefined) return 'Redis is away';
  return known.has(id) ? 'delivered' : 'not remembered';
}

const HELP = `
Three sources are queried: Redis, whether a message id was delivered (kept for PDAGENTD_EVENT_MAX_AGE_SECONDS); the
workers, which report what they hold, how often it was tried, with which outcome, and what it waits for; and the dead
letters. No message is taken from its queue. The gateway and the workers log the message id of each event; a sender
knows its dedup key.

A worker holds at most 64 messages of a lane, and 64 of each siding. Messages that wait after these in the broker
cannot be examined, only counted, for the lane of the key.

examples:
  pdaltagent trace 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b      one event, by its message id
  pdaltagent trace db1/disk                                  everything held or dead of an alert
  pdaltagent trace db1/disk --key R0…d1a6                    of one routing key only, with its lane
  pdaltagent trace Q2F5A0KJ0Z5K9V --key crm --json           webhooks of an incident to the destination crm

exit codes: 0 found, 1 nothing is known of it
`;
