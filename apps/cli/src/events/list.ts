import { type FactGroup, type FactStream, type MessageHistory, type MessageState } from '@pdaltagent/journal';
import { instantOf } from '../duration';
import { withIndex } from '../journal/journal-index';
import { requiringJournal } from '../journal/open';
import { HistoryReader, type Missing, missingLines } from '../journal/reader';
import { type Terminal } from '../terminal';
import { acceptedAtOf } from '../trace/message-id';
import { followEvents } from './follow';
import { indexedMessages } from './indexed-messages';
import { NewestMessages } from './newest-messages';
import { recordOf } from './record';
import { type Selection } from './selection';
import { MessageTable } from './table';

/** Times are milliseconds since 1970. */
export interface EventsOptions {
  readonly dedupKey?: string;
  readonly id?: string;
  readonly source?: string;
  readonly key?: string;
  readonly state?: ReadonlySet<MessageState>;
  readonly since?: number;
  readonly until?: number;
  readonly group?: FactGroup;
  readonly limit?: number;
  readonly follow?: true;
  readonly index?: true;
  readonly json?: true;
}

const DAY_MS = 86_400_000;
const LIMIT = 100;
/** With `--follow`: as many as leave room on the screen. */
const BEFORE_FOLLOWING = 10;
const BEFORE_FOLLOWING_MS = 3_600_000;

interface Listed {
  /** The newest last. */
  readonly messages: readonly MessageHistory[];
  /** Number of messages, of which these are the newest. */
  readonly found: number;
  readonly beginsAt: number | undefined;
  readonly missing: readonly Missing[];
}

/** Lists messages, the newest last. @returns 0, also if there are none */
export async function listEvents(
  terminal: Terminal,
  stream: FactStream,
  words: readonly string[],
  options: EventsOptions,
): Promise<number> {
  const { json, follow, index, limit = follow ? BEFORE_FOLLOWING : LIMIT } = options;
  const selection = selectionOf(words, options, terminal.now());
  const reader = new HistoryReader(terminal, stream, selection.since);
  const fromStream = async (): Promise<Listed> => {
    const newest = new NewestMessages(selection, limit);
    await reader.readOn((placed) => newest.add(placed));
    const { beginsAt, completeness } = reader;
    return { ...newest.result(reader.erasures), beginsAt, missing: completeness.gaps() };
  };
  const fromIndex = () =>
    withIndex(terminal, stream, async (known): Promise<Listed> => {
      known.sayStart(terminal);
      const found = await indexedMessages(known, selection, limit);
      // Where it begins has been said.
      return { ...found, beginsAt: undefined, missing: await known.missing() };
    });
  return requiringJournal(
    (index ? fromIndex() : fromStream()).then(async ({ messages, found, beginsAt, missing }) => {
      const table = new MessageTable(terminal, follow ? undefined : messages);
      if (json) for (const message of messages) terminal.out(`${JSON.stringify(recordOf(message))}\n`);
      else {
        if (follow || messages.length > 0) terminal.out(table.header());
        for (const message of messages) terminal.out(table.row(message));
      }
      for (const line of missingLines(missing, beginsAt, selection.since ?? -Infinity, selection.until))
        terminal.error(`${line}\n`);
      terminal.error(`${summaryOf(messages.length, found, selection, options)}\n`);
      if (follow) await followEvents(terminal, reader, selection, messages, json ? undefined : table);
      return 0;
    }),
  );
}

/** Without --since, what is asked for decides how far back is read: everything would take minutes in a large journal. */
function selectionOf(words: readonly string[], options: EventsOptions, now: number): Selection {
  const { dedupKey, id, source, key, state, since, until, group, follow } = options;
  const usual = follow ? BEFORE_FOLLOWING_MS : DAY_MS;
  const begin = since ?? (id === undefined ? (until ?? now) - usual : acceptedAtOf(id));
  return { words, alert: dedupKey, id, source, key, states: state, since: begin, until, group };
}

/** `100 of 2310 messages since 2026-03-01T12:00:00Z`. */
function summaryOf(shown: number, found: number, { since }: Selection, options: EventsOptions): string {
  const some = shown < found ? `the newest ${shown} of ` : '';
  const count = found === 0 ? 'no messages' : `${some}${found} ${found === 1 ? 'message' : 'messages'}`;
  const begin = since === undefined ? '' : ` since ${instantOf(since)}`;
  const end = options.until === undefined ? '' : ` until ${instantOf(options.until)}`;
  const hint = options.since === undefined && options.id === undefined ? ' (--since for earlier ones)' : '';
  return `${count}${begin}${end}${hint}`;
}
