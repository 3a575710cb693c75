import { Command } from 'commander';
import { type Runner } from '../dead-letters/command';
import { type Terminal } from '../terminal';
import { list, type ListOptions } from './list';
import { replay, type ReplayOptions } from './replay';
import { resume } from './resume';
import { ping, type PingOptions } from './ping';

export function webhooksCommand(terminal: Terminal, finish: Runner): Command {
  const command = new Command('webhooks').description(
    'the destinations of webhooks: which there are, test, replay, resume',
  );

  command
    .command('list')
    .description('list the destinations and whether they are paused')
    .option('--json', 'as JSON')
    .action((options: ListOptions) => finish(list(terminal, options)));

  command
    .command('test')
    .description('send a test event to a destination, exactly as the webhook-sender would, and tell what came of it')
    .argument('<destination>')
    .option('--json', 'as JSON')
    .addHelpText('after', TEST_HELP)
    .action((name: string, options: PingOptions) => finish(ping(terminal, name, options)));

  command
    .command('replay')
    .description('read the log entries of a past time from PagerDuty and send their webhooks anew')
    .requiredOption('--since <time>', 'from when on (ISO 8601; without a zone: UTC)')
    .option('--until <time>', 'up to when (default: now)')
    .requiredOption('--destination <name...>', 'to whom')
    .option('--dry-run', 'count, and send nothing')
    .option('--yes', 'do not ask')
    .addHelpText('after', REPLAY_HELP)
    .action((options: ReplayOptions) => finish(replay(terminal, options)));

  command
    .command('resume')
    .description('send to a destination again that was paused because it answered 410')
    .argument('<destination>')
    .action((name: string) => finish(resume(terminal, name)));

  return command;
}

const TEST_HELP = `
The event is PagerDuty's own pagey.ping. It goes straight to the destination, past the queues, also where it is paused.
It needs what the webhook-sender has: PDAGENTD_WEBHOOKS_FILE or PDAGENTD_WEBHOOK_DEST_URL with their secrets,
PDAGENTD_CA_FILE and the proxy.

exit codes: 0 the destination took it, 1 it did not
`;

const REPLAY_HELP = `
It needs what the log-poller has: PDAGENTD_API_TOKEN, the destinations, and the settings that shape webhooks. Each webhook
has the ids of the first time (X-Webhook-Id, the id in its body), so a receiver that drops repeats drops these too. They
go out in the order of their incident, behind what waits; what an incident looks like in them is what PagerDuty says of it
now. Where it is cut off, run it again.
`;
