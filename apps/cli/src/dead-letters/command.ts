import { DEAD_REASONS } from '@pdaltagent/messaging';
import { Command, Option } from 'commander';
import { erase, type EraseOptions } from '../erase/erase';
import { PLACES } from '../erase/place';
import { countOption, keyEndOption, pastOption } from '../option-values';
import { type Terminal } from '../terminal';
import { discard, type DeadLetterDiscardOptions } from './discard';
import { list, type DeadLetterListOptions } from './list';
import { replay, type DeadLetterReplayOptions } from './replay';
import { selectionOf } from './selection';
import { show, type DeadLetterShowOptions } from './show';

interface DeadLetterSelectionOptions {
  readonly all?: true;
  readonly key?: string;
}

/** Runs a command and records its exit code. */
export type CommandRunner = (work: Promise<number>) => Promise<void>;

export function deadLettersCommand(terminal: Terminal, run: CommandRunner): Command {
  const command = new Command('dead-letters').description('events and webhooks that cannot be delivered');

  addLaneGroupOptions(command.command('list'))
    .description('list dead letters, oldest first')
    .option(
      '--key <key>',
      'only of this routing key, or of keys that end with it (webhooks: destination)',
      keyEndOption,
    )
    .addOption(new Option('--reason <reason>', 'only with this reason').choices(REASONS))
    .option(
      '--since <time>',
      'only those that became dead letters since: a time (ISO 8601) or an age (30min, 2h, 3d)',
      (text) => pastOption(text, terminal.now()),
    )
    .option('--limit <count>', 'at most this many, the oldest first', countOption)
    .option('--json', 'a JSON array, one element per line')
    .addHelpText('after', LIST_HELP)
    .action((options: DeadLetterListOptions) => run(list(terminal, options)));

  addLaneGroupOptions(command.command('show'))
    .description('show everything about one dead letter, including its body')
    .argument('<id>', 'the id of a dead letter, as shown by list')
    .option('--json', 'as JSON')
    .addHelpText('after', SHOW_HELP)
    .action((id: string, options: DeadLetterShowOptions) => run(show(terminal, id, options)));

  addSelectionOptions(addLaneGroupOptions(command.command('replay')))
    .description('send dead letters to their lanes again')
    .option('--stale', 'also triggers older than an hour, and vendor events of that age, which may be triggers')
    .option(
      '--overtaken, --superseded',
      'also events that would undo later progress of their alert, such as a trigger whose resolve was delivered',
    )
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'the result as JSON')
    .addHelpText('after', REPLAY_HELP)
    .action((ids: string[], options: DeadLetterReplayOptions & DeadLetterSelectionOptions) =>
      run(replay(terminal, selectionOf(ids, options), options)),
    );

  addSelectionOptions(addLaneGroupOptions(command.command('discard')))
    .description('remove dead letters permanently')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--json', 'the result as JSON')
    .addHelpText('after', DISCARD_HELP)
    .action((ids: string[], options: DeadLetterDiscardOptions & DeadLetterSelectionOptions) =>
      run(discard(terminal, selectionOf(ids, options), options)),
    );

  command
    .command('erase')
    .description(
      'erase what is stored of a person: dead letters, journal, and where a gateway runs its quarantine and spool',
    )
    .option('--dedup-key <key>', 'events of this alert (webhooks: incident)')
    .option('--source <source>', 'events whose body has this value in a member "source"')
    .option('--text <text>', 'events with this text anywhere: body, query, headers, dedup key, response')
    .addOption(
      new Option('--only <places...>', 'only in these places (default: all, from which this is possible)').choices(
        PLACES,
      ),
    )
    .option('--dry-run', 'only count them')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .option('--json', 'the result as JSON')
    .addHelpText('after', ERASE_HELP)
    .action((options: EraseOptions) => run(erase(terminal, options)));

  return command;
}

function addLaneGroupOptions(command: Command): Command {
  return command
    .addOption(new Option('--events', 'only events (default: events and webhooks)').conflicts('webhooks'))
    .addOption(new Option('--webhooks', 'only webhooks'));
}

function addSelectionOptions(command: Command): Command {
  return command
    .argument('[id...]', 'ids of dead letters, as shown by list')
    .option('--all', 'all of them')
    .option('--key <key>', 'those of one routing key: the key, or at least its last four characters');
}

/** The last three are set by the broker itself. */
const REASONS = [...DEAD_REASONS, 'delivery_limit', 'maxlen', 'unknown'];

const LIST_HELP = `
The table truncates what does not fit; \`show\` and \`--json\` show everything. PROGRESS is the latest action of the
same alert that was delivered after the dead letter; -: none.

examples:
  pdaltagent dead-letters list --since 2h --reason rejected
  pdaltagent dead-letters list --json | jq -r '.[] | select(.action == "trigger") | .id'
`;

const SHOW_HELP = `
example:
  pdaltagent dead-letters show 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b
`;

const DISCARD_HELP = `
examples:
  pdaltagent dead-letters discard 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b
  pdaltagent dead-letters discard --all --webhooks --yes

exit codes: 0 all were removed, 1 some were not
`;

const ERASE_HELP = `
A text is compared in any case, with JSON's escapes and a query's percent-encoding decoded. Dead letters and the journal
need a user of RabbitMQ that may read them, an operator's; in the journal messages are marked as erased: no command shows
their texts any more, and RabbitMQ drops them when they are old enough. For the quarantine and the spool, run it where
each gateway runs, whose user may not. A gateway that runs searches its spool itself. Each place is searched whatever
fails in another, and what could not be done is reported. Not searched: events that wait in RabbitMQ for their delivery,
and what PagerDuty and your log store have.

examples:
  pdaltagent dead-letters erase --text ann@example.com --dry-run
  docker-compose run --rm pdaltagent dead-letters erase --source ann-pc --yes
  kubectl -n pdaltagent exec deployment/operator -- pdaltagent dead-letters erase --only dead-letters --source ann-pc --yes
  kubectl -n pdaltagent exec ingest-gateway-0 -- pdaltagent dead-letters erase --only spool quarantine --source ann-pc --yes

exit codes: 0 every selected place was searched, and what was found is erased (--dry-run: counted), 1 something was not
`;

const REPLAY_HELP = `
Dead letters are sent in the order in which they became dead letters, after the messages already waiting in their
lane. Each keeps its id; its age is reset (the time of its first acceptance is kept). A dead letter is removed
only once the broker has confirmed it: an interrupted replay loses nothing, and may send those in transit twice.

Before it sends, replay lists the dead letters and warns about later progress of their alerts: other dead letters of
the alert, events that workers hold (queried for up to 20 alerts), messages waiting in the lane, and later deliveries,
which the workers record in Redis. Events that would undo it are skipped: a trigger whose resolve was delivered, a
resolve or an acknowledge after a new trigger. Without Redis, and for dead letters older than its records, progress is
shown as unknown: check the incident in PagerDuty first. On a terminal, replay asks for confirmation.

examples:
  pdaltagent dead-letters replay 0197a3c4-5d2e-7f10-8a6b-3c9d4e5f6a7b
  pdaltagent dead-letters replay --key d1a6 --yes --json

exit codes: 0 all were sent, 1 some were not
`;
