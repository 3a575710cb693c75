import { DEAD_REASONS } from '@pdaltagent/messaging';
import { Command, Option } from 'commander';
import { countOption, pastOption } from '../option-values';
import { type Terminal } from '../terminal';
import { discard, type DiscardOptions } from './discard';
import { list, type ListOptions } from './list';
import { replay, type ReplayOptions } from './replay';
import { selectionOf } from './selection';
import { show, type ShowOptions } from './show';

interface Choice {
  readonly all?: true;
  readonly key?: string;
}

/** Runs one of its commands and takes its exit code. */
export type Runner = (work: Promise<number>) => Promise<void>;

export function deadLettersCommand(terminal: Terminal, finish: Runner): Command {
  const command = new Command('dead-letters').description('events and webhooks that were set aside for good');

  withFamilies(command.command('list'))
    .description('list dead letters, oldest first')
    .option('--key <key>', 'only of this routing key, or of those that end so (webhooks: destination)')
    .addOption(new Option('--reason <reason>', 'only of this reason').choices(REASONS))
    .option('--since <time>', 'only those that died since: a time (ISO 8601) or an age (30min, 2h, 3d)', (text) =>
      pastOption(text, terminal.now()),
    )
    .option('--limit <count>', 'the oldest of them, at most so many', countOption)
    .option('--json', 'a JSON array, one element per line')
    .addHelpText('after', LIST_HELP)
    .action((options: ListOptions) => finish(list(terminal, options)));

  withFamilies(command.command('show'))
    .description('show all that is known of one dead letter, its body too')
    .argument('<id>')
    .option('--json', 'as JSON')
    .action((id: string, options: ShowOptions) => finish(show(terminal, id, options)));

  withChoice(withFamilies(command.command('replay')))
    .description('send dead letters to their lanes again')
    .option('--stale', 'also triggers older than an hour, and vendor events of that age, which may be triggers')
    .option('--overtaken', 'also what would undo how its alert went on since, as a trigger whose resolve was delivered')
    .option('--yes', 'do not ask')
    .option('--json', 'what came of it, as JSON')
    .addHelpText('after', REPLAY_HELP)
    .action((ids: string[], options: ReplayOptions & Choice) =>
      finish(replay(terminal, selectionOf(ids, options), options)),
    );

  withChoice(withFamilies(command.command('discard')))
    .description('remove dead letters for good')
    .option('--yes', 'do not ask; needed without a terminal')
    .option('--json', 'what came of it, as JSON')
    .action((ids: string[], options: DiscardOptions & Choice) =>
      finish(discard(terminal, selectionOf(ids, options), options)),
    );

  return command;
}

function withFamilies(command: Command): Command {
  return command
    .addOption(new Option('--events', 'only events (default: events and webhooks)').conflicts('webhooks'))
    .addOption(new Option('--webhooks', 'only webhooks'));
}

function withChoice(command: Command): Command {
  return command
    .argument('[id...]', 'ids of dead letters, as the list shows them')
    .option('--all', 'all of them')
    .option('--key <key>', 'those of one routing key: the key, or its last characters (four or more)');
}

/** The last ones are the broker's own. */
const REASONS = [...DEAD_REASONS, 'delivery_limit', 'maxlen', 'unknown'];

const LIST_HELP = `
The table leaves out what does not fit: \`show\` and \`--json\` give all of it. WENT ON is the latest action of the alert that
was delivered after the letter; -: none was.

examples:
  pdaltagent dead-letters list --since 2h --reason rejected
  pdaltagent dead-letters list --json | jq -r '.[] | select(.action == "trigger") | .id'
`;

const REPLAY_HELP = `
Letters go out in the order in which they died, behind what waits in their lane. Each keeps its id; its age starts anew
(what it was first accepted at goes with it), and it is removed only once the broker has confirmed it: a replay that is
cut off loses nothing, and may send what was on its way at that moment twice.

First it lists what it will send and warns where the alert went on since: by other dead letters of the same alert, by
what workers hold of it (they are asked about up to 20 alerts) and what waits in the lane, and by what was delivered since,
which the workers remember in Redis. What would undo that stays: a trigger whose resolve was delivered, a resolve or an
acknowledge after a new trigger. Without Redis, and for letters older than what it remembers, the list says that it is not
known; then look at the incident first. On a terminal it asks before it begins.
`;
