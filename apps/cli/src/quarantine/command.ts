import { Command, Option } from 'commander';
import { type Runner } from '../dead-letters/command';
import { selectionOf } from '../dead-letters/selection';
import { type Terminal } from '../terminal';
import { discard, type DiscardOptions } from './discard';
import { exportEvents, type ExportOptions } from './export';
import { list, type ListOptions } from './list';
import { replay, type ReplayOptions } from './replay';
import { show, type ShowOptions } from './show';

interface Choice {
  readonly all?: true;
  readonly key?: string;
}

const selected = (ids: readonly string[], choice: Choice) => selectionOf(ids, choice, 'events');

export function quarantineCommand(terminal: Terminal, finish: Runner): Command {
  const command = new Command('quarantine')
    .description('events that a gateway cannot publish and keeps on its disk')
    .addHelpText('after', HELP);

  command
    .command('list')
    .description('list the events in the quarantine, oldest first')
    .option('--key <key>', 'only of this routing key, or of those that end so')
    .addOption(
      new Option('--problem <problem>', 'only with this problem').choices(['unencodable', 'refused', 'damaged']),
    )
    .option('--json', 'a JSON array, one element per line')
    .action((options: ListOptions) => finish(list(terminal, options)));

  command
    .command('show')
    .description('show all that is known of one event, its body too')
    .argument('<id>')
    .option('--json', 'as JSON')
    .action((id: string, options: ShowOptions) => finish(show(terminal, id, options)));

  command
    .command('export')
    .description('write events with their stored bytes as JSON lines; they stay in the quarantine')
    .argument('[file]', 'a new file (default: the output)')
    .option('--id <id...>', 'only these (default: all)')
    .addHelpText('after', EXPORT_HELP)
    .action((file: string | undefined, options: ExportOptions) => finish(exportEvents(terminal, file, options)));

  withChoice(command.command('replay'))
    .description('send events to their lanes again')
    .option('--stale', 'also triggers older than an hour, and vendor events of that age, which may be triggers')
    .option('--overtaken', 'also what would undo how its alert went on, as a trigger whose resolve a worker holds')
    .option('--yes', 'do not ask')
    .option('--json', 'what came of it, as JSON')
    .addHelpText('after', REPLAY_HELP)
    .action((ids: string[], options: ReplayOptions & Choice) =>
      finish(replay(terminal, selected(ids, options), options)),
    );

  withChoice(command.command('discard'))
    .description('remove events for good')
    .option('--yes', 'do not ask; needed without a terminal')
    .option('--json', 'what came of it, as JSON')
    .action((ids: string[], options: DiscardOptions & Choice) =>
      finish(discard(terminal, selected(ids, options), options)),
    );

  return command;
}

function withChoice(command: Command): Command {
  return command
    .argument('[id...]', 'ids of events, as the list shows them')
    .option('--all', 'all of them')
    .option('--key <key>', 'those of one routing key: the key, or its last characters (four or more)');
}

const HELP = `
Run it where the gateway runs, as its user and with its settings (PDAGENTD_SPOOL_DIR or PDAGENTD_STATE_DIR):
  docker-compose exec ingest-gateway pdaltagent quarantine list
  kubectl -n pdaltagent exec ingest-gateway-0 -- pdaltagent quarantine list
Each gateway with a disk of its own has a quarantine of its own.
`;

const REPLAY_HELP = `
Events go out one after another in the order in which they were accepted, after what waits in their lane. Each keeps its
id; its age starts again, and it is removed only once the broker has confirmed it: a replay that is cut off loses nothing,
and may send the one that was on its way twice. What the broker refuses again stays, and the exit code is 1. What a newer
version wrote, or what is damaged, stays too: export and discard are all that can be done with it.

It needs PDAGENTD_AMQP_URL as the gateway has it. It lists what it will send, and on a terminal it asks before it begins.
Whether an alert went on since is known only of what workers hold of it (they are asked about up to 20 alerts): look at
the incident first.
`;

const EXPORT_HELP = `
The member "record" of a line is the stored bytes in base64, and holds the routing key.
`;
