import { Command, Option } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { countOption, keyEndOption, pastOption } from '../option-values';
import { selectionOf } from '../dead-letters/selection';
import { type Terminal } from '../terminal';
import { discard, type QuarantineDiscardOptions } from './discard';
import { exportEvents, type ExportOptions } from './export';
import { list, type QuarantineListOptions } from './list';
import { replay, type QuarantineReplayOptions } from './replay';
import { show, type QuarantineShowOptions } from './show';

interface QuarantineSelectionOptions {
  readonly all?: true;
  readonly key?: string;
}

const selected = (ids: readonly string[], choice: QuarantineSelectionOptions) => selectionOf(ids, choice, 'events');

export function quarantineCommand(terminal: Terminal, run: CommandRunner): Command {
  const command = new Command('quarantine')
    .description('events that can never be published, stored on a gateway’s disk')
    .addHelpText('after', HELP);

  command
    .command('list')
    .description('list the events in the quarantine, oldest first')
    .option('--key <key>', 'only of this routing key, or of keys that end with it', keyEndOption)
    .addOption(
      new Option('--problem <problem>', 'only with this problem').choices([
        'unencodable',
        'refused',
        'damaged',
        'unreadable',
      ]),
    )
    .option('--since <time>', 'only those quarantined since: a time (ISO 8601) or an age (30min, 2h, 3d)', (text) =>
      pastOption(text, terminal.now()),
    )
    .option('--limit <count>', 'at most this many, the oldest first', countOption)
    .option('--json', 'a JSON array, one element per line')
    .addHelpText('after', LIST_HELP)
    .action((options: QuarantineListOptions) => run(list(terminal, options)));

  command
    .command('show')
    .description('show everything about one event, including its body')
    .argument('<id>', 'the id of an event, as shown by list')
    .option('--json', 'as JSON')
    .addHelpText('after', SHOW_HELP)
    .action((id: string, options: QuarantineShowOptions) => run(show(terminal, id, options)));

  command
    .command('export')
    .description('write events with their stored bytes as JSON lines; removes nothing')
    .argument('[file]', 'a new file (default: standard output)')
    .option('--id <id...>', 'only these (default: all)')
    .addHelpText('after', EXPORT_HELP)
    .action((file: string | undefined, options: ExportOptions) => run(exportEvents(terminal, file, options)));

  addSelectionOptions(command.command('replay'))
    .description('send events to their lanes again')
    .option('--stale', 'also triggers older than an hour, and vendor events of that age, which may be triggers')
    .option(
      '--overtaken, --superseded',
      'also events that would undo later progress of their alert, such as a trigger whose resolve a worker holds',
    )
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'the result as JSON')
    .addHelpText('after', REPLAY_HELP)
    .action((ids: string[], options: QuarantineReplayOptions & QuarantineSelectionOptions) =>
      run(replay(terminal, selected(ids, options), options)),
    );

  addSelectionOptions(command.command('discard'))
    .description('remove events permanently')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--json', 'the result as JSON')
    .addHelpText('after', DISCARD_HELP)
    .action((ids: string[], options: QuarantineDiscardOptions & QuarantineSelectionOptions) =>
      run(discard(terminal, selected(ids, options), options)),
    );

  return command;
}

function addSelectionOptions(command: Command): Command {
  return command
    .argument('[id...]', 'ids of events, as shown by list')
    .option('--all', 'all of them')
    .option('--key <key>', 'those of one routing key: the key, or at least its last four characters');
}

const HELP = `
Run it where the gateway runs, as its user and with its settings (PDAGENTD_SPOOL_DIR or PDAGENTD_STATE_DIR):
  docker-compose exec ingest-gateway pdaltagent quarantine list
  kubectl -n pdaltagent exec ingest-gateway-0 -- pdaltagent quarantine list
Each gateway with its own disk has its own quarantine.
`;

const REPLAY_HELP = `
Events are sent one at a time, in the order in which they were accepted, after the messages already waiting in their
lane. Each keeps its id; its age is reset. An event is removed only once the broker has confirmed it: an
interrupted replay loses nothing, and may send the event in transit twice. An event that the broker refuses again
stays, and the exit code is 1. Events that are damaged or were written by a newer version stay, too: they can only be
exported and discarded.

It needs the gateway's PDAGENTD_AMQP_URL. It lists what it will send and, on a terminal, asks for confirmation. Later
progress of an alert is known only if workers hold events of it (queried for up to 20 alerts): check the incident in
PagerDuty first.

examples:
  pdaltagent quarantine replay 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b
  pdaltagent quarantine replay --all --yes --json

exit codes: 0 all of them are sent, 1 some are not
`;

const LIST_HELP = `
examples:
  pdaltagent quarantine list --since 2h --problem refused
  pdaltagent quarantine list --json | jq -r '.[].id'
`;

const SHOW_HELP = `
example:
  pdaltagent quarantine show 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b
`;

const DISCARD_HELP = `
example:
  pdaltagent quarantine discard 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b --yes

exit codes: 0 all of them are gone, 1 some are not
`;

const EXPORT_HELP = `
The field "record" of a line has the stored bytes in base64, which include the routing key.

example:
  pdaltagent quarantine export events.jsonl
`;
