import { Command } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { pastOption } from '../option-values';
import { type Terminal } from '../terminal';
import { list, type WebhookListOptions } from './list';
import { replay, type WebhookReplayOptions } from './replay';
import { resume, type ResumeOptions } from './resume';
import { ping, type PingOptions } from './ping';

export function webhooksCommand(terminal: Terminal, run: CommandRunner): Command {
  const command = new Command('webhooks').description('webhook destinations: list, test, replay, resume');

  const time = (text: string): number => pastOption(text, terminal.now());

  command
    .command('list')
    .description('list the destinations and whether they are paused')
    .option('--json', 'as JSON')
    .addHelpText('after', LIST_HELP)
    .action((options: WebhookListOptions) => run(list(terminal, options)));

  command
    .command('test')
    .description('send a test event to a destination, exactly as the webhook-sender would, and show the result')
    .argument('<destination>', 'the name of a destination, as shown by list')
    .option('--json', 'as JSON')
    .addHelpText('after', TEST_HELP)
    .action((name: string, options: PingOptions) => run(ping(terminal, name, options)));

  command
    .command('replay')
    .description('read the log entries of a past period from PagerDuty and send their webhooks again')
    .requiredOption(
      '--since <time>',
      'start of the period: a time (ISO 8601; without a zone: UTC) or an age (30min, 2h, 3d)',
      time,
    )
    .option('--until <time>', 'end of the period, in the same forms (default: now)', time)
    .option('--destination <name...>', 'destinations to send to (default: the only one)')
    .option('--dry-run', 'only count, send nothing')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'the result as JSON')
    .addHelpText('after', REPLAY_HELP)
    .action((options: WebhookReplayOptions) => run(replay(terminal, options)));

  command
    .command('resume')
    .description('resume a destination that was paused because it answered 410')
    .argument('<destination>', 'the name of a destination, as shown by list')
    .option('--json', 'the result as JSON')
    .addHelpText('after', RESUME_HELP)
    .action((name: string, options: ResumeOptions) => run(resume(terminal, name, options)));

  return command;
}

const LIST_HELP = `
example:
  pdaltagent webhooks list --json | jq -r '.[] | select(.paused_at) | .name'
`;

const RESUME_HELP = `
example:
  pdaltagent webhooks resume crm

exit codes: 0 it is resumed, 1 it was not paused, or Redis is unreachable or accepts no writes
`;

const TEST_HELP = `
The event is PagerDuty's own pagey.ping. It goes straight to the destination, bypassing the queues, even if the
destination is paused. It needs the webhook-sender's settings: PDAGENTD_WEBHOOKS_FILE or PDAGENTD_WEBHOOK_DEST_URL
with their secrets, PDAGENTD_CA_FILE and the proxy.

example:
  pdaltagent webhooks test crm

exit codes: 0 the destination accepted it, 1 it did not, 2 there is no such destination
`;

const REPLAY_HELP = `
It needs the log-poller's settings: PDAGENTD_API_TOKEN, the destinations, and the format, filter and scrubbing
variables. Webhooks have their original ids (X-Webhook-Id, the id in the body), so a receiver that drops repeats drops
these too. They are sent in the order of each incident, after those already waiting, and show the incident as it is at
PagerDuty now. If the replay is interrupted, run it again.

examples:
  pdaltagent webhooks replay --since 2h --dry-run
  pdaltagent webhooks replay --since 2026-03-01 --until 2026-03-02 --destination crm --yes

exit codes: 0 all of them are queued, 1 some are not, 2 there is no such destination, or a time is invalid
`;
