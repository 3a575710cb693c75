import { MESSAGE_STATES, type MessageState } from '@pdaltagent/journal';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { indexOption, openStream } from '../journal/open';
import { countOption, keyEndOption, pastOption } from '../option-values';
import { type Terminal } from '../terminal';
import { type EventsOptions, listEvents } from './list';

export function eventsCommand(terminal: Terminal, run: CommandRunner): Command {
  const time = (text: string): number => pastOption(text, terminal.now());
  return new Command('events')
    .description('list what was accepted and what became of it, also delivered events, from the journal')
    .argument('[word...]', 'only with these words in summary, source or dedup key')
    .option('--dedup-key <key>', 'only of this alert (webhooks: incident)')
    .option('--id <id>', 'only this message')
    .option('--source <source>', 'only from exactly this source')
    .option(
      '--key <key>',
      'only of this routing key, or of keys that end with it (webhooks: destination)',
      keyEndOption,
    )
    .option('--state <states>', `only in these states, separated by commas: ${STATES.join(', ')}`, statesOption)
    .option('--since <time>', 'only accepted since: a time (ISO 8601) or an age (30min, 2h, 3d); default: 1d', time)
    .option('--until <time>', 'only accepted until', time)
    .addOption(new Option('--group <group>', 'only events, or only webhooks').choices(['events', 'webhooks']))
    .option('--limit <count>', 'at most this many, the newest (default: 100; with --follow: 10)', countOption)
    .option('--follow', 'go on and show what becomes of messages, until it is interrupted')
    .addOption(indexOption().conflicts('follow'))
    .option('--json', 'one JSON object a line')
    .addHelpText('after', HELP)
    .action((words: string[], options: EventsOptions) =>
      run(Promise.resolve().then(() => listEvents(terminal, openStream(terminal, 'events'), words, options))),
    );
}

/** Everything that may still need someone. */
const UNDELIVERED: readonly MessageState[] = ['waiting', 'dead-letter', 'quarantined'];
const STATES = [...MESSAGE_STATES, 'undelivered'];

/** @throws InvalidArgumentError, which commander reports with the option's name */
function statesOption(text: string): ReadonlySet<MessageState> {
  return new Set(
    text.split(',').flatMap((name) => {
      if (name === 'undelivered') return UNDELIVERED;
      const state = MESSAGE_STATES.find((known) => known === name);
      if (state === undefined) throw new InvalidArgumentError(`It must be of ${STATES.join(', ')}.`);
      return [state];
    }),
  );
}

const HELP = `
The newest message is the last line. STATE says why, unless it is delivered; TRIES counts the attempts:
  waiting      on its way, also while it is retried      discarded   by an operator
  delivered    accepted by its destination               expired     a dead letter removed by a limit
  dead-letter  rejected, or too old                      replayed    sent again under another id
  quarantined  RabbitMQ did not take it                  undelivered the first three that may need you:
                                                                     waiting, dead-letter, quarantined
Times are in UTC. On a terminal of 150 columns or more the table has the ids; \`pdaltagent trace\` tells every attempt.
The journal keeps seven days, unless PDAGENTD_JOURNAL_MAX_AGE_SECONDS says otherwise.

examples:
  pdaltagent events                                   the last 100 of a day
  pdaltagent events disk full --since 3d
  pdaltagent events --state undelivered
  pdaltagent events --dedup-key db1/disk --json | jq -r '.id'
  pdaltagent events disk --index --since 30d          also what the journal no longer has
  pdaltagent events --follow                          what happens now

exit codes: 0 the journal was read, 1 it cannot be
`;
