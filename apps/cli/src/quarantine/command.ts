import { Command } from 'commander';
import { type Runner } from '../dead-letters/command';
import { selectionOf } from '../dead-letters/selection';
import { type Terminal } from '../terminal';
import { discard, type DiscardOptions } from './discard';
import { exportEvents, type ExportOptions } from './export';
import { list, type ListOptions } from './list';
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
    .option('--problem <problem>', 'only with this problem: unencodable, refused, damaged')
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

  withChoice(command.command('discard'))
    .description('remove events for good')
    .option('--yes', 'do not ask')
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

const EXPORT_HELP = `
The member "record" of a line is the stored bytes in base64, and holds the routing key.
`;
