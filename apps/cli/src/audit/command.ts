import { Command } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { indexOption, openStream } from '../journal/open';
import { pastOption } from '../option-values';
import { type Terminal } from '../terminal';
import { audit, type AuditOptions } from './audit';

export function auditCommand(terminal: Terminal, run: CommandRunner): Command {
  const time = (text: string): number => pastOption(text, terminal.now());
  return new Command('audit')
    .description(
      'check that every accepted message was delivered, is a dead letter, or still waits, and name the others',
    )
    .option('--since <time>', 'only accepted since: a time (ISO 8601) or an age (30min, 2h, 3d); default: all', time)
    .option('--until <time>', 'only accepted until', time)
    .addOption(indexOption())
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action((options: AuditOptions) =>
      run(Promise.resolve().then(() => audit(terminal, openStream(terminal, 'audit'), options))),
    );
}

const HELP = `
The journal says what was accepted and what became of it. What it does not know the end of must be somewhere: held by
a worker, in the spool of a gateway on this host, among the dead letters (asked for by id), or one of the messages that
its lane has (by their number). What is nowhere is unaccounted: it is looked for three times, a second apart, and named.
Facts that are missing may be the reason: the message may have been delivered. Look it up in PagerDuty by its dedup key.
Run it as an operator's user of RabbitMQ; on the gateway's host, or in its pod, to count what waits in its spool.

examples:
  pdaltagent audit
  pdaltagent audit --since 2h
  pdaltagent audit --json | jq -r '.unaccounted[].id'

exit codes: 0 every message is accounted for, 1 some are not, or the journal cannot be read
`;
