import { type MessageHistory, type MessageState } from '@pdaltagent/journal';
import { maskSecrets } from '@pdaltagent/service';
import { instantOf } from '../duration';
import { type Column, formatHeader, formatRow, singleLine } from '../table';
import { type Terminal } from '../terminal';

/** From this width on the table has the ids, which `trace` understands. */
const WIDE = 150;
/** Below it, times are without the year, and why a message is not delivered is left to `trace`. */
const NARROW = 100;
/** If the output is not a terminal. */
const UNLIMITED = 320;
const GAP = 2;
const ID_WIDTH = 36;
const TRIES: Column = { title: 'TRIES', width: 5 };

const COLOURS: Readonly<Partial<Record<MessageState, number>>> = { waiting: 33, 'dead-letter': 31, quarantined: 31 };

/** One line a message, as wide as the terminal. */
export class MessageTable {
  readonly #columns: readonly Column[];
  readonly #isNarrow: boolean;
  readonly #showsColour: boolean;

  /** @param all the messages to be shown: columns are as wide as they need; undefined: as wide as any may need */
  constructor({ columns: width = UNLIMITED, showsColour }: Terminal, all: readonly MessageHistory[] | undefined) {
    this.#isNarrow = width < NARROW;
    this.#showsColour = showsColour;
    const widest = (title: string, cell: (message: MessageHistory) => string, most: number): Column => {
      const lengths = all?.map((message) => cell(message).length) ?? [most];
      return { title, width: Math.min(most, Math.max(title.length, ...lengths)) };
    };
    const fixed: readonly Column[] = [
      { title: 'ACCEPTED', width: this.#isNarrow ? 14 : 20 },
      ...(this.#isNarrow ? [widest('STATE', shortStateCell, 16)] : [widest('STATE', stateCell, 26), TRIES]),
      widest('KEY', ({ key }) => key ?? '-', all === undefined ? 8 : 16),
      widest('ACTION', ({ action }) => action ?? '-', this.#isNarrow ? 7 : 11),
    ];
    const id: readonly Column[] = width < WIDE ? [] : [{ title: 'ID', width: ID_WIDTH }];
    const used = [...fixed, ...id].reduce((sum, column) => sum + column.width + GAP, 0);
    const left = Math.max(20, width - used);
    const alert = widest('ALERT', ({ alert: name }) => singleLine(name ?? '-'), Math.max(10, Math.floor(left * 0.4)));
    const summary: Column = { title: 'SUMMARY', width: Math.max(8, left - alert.width - GAP) };
    this.#columns = [...fixed, ...id, alert, summary];
  }

  header(): string {
    return formatHeader(this.#columns);
  }

  /** @param at the time to show; by default that of its acceptance */
  row(message: MessageHistory, at = message.accepted): string {
    const { key, action, alert, summary, isErased, state } = message;
    const time = instantOf(at);
    const cells = new Map([
      ['ACCEPTED', this.#isNarrow && time.length > 1 ? time.slice(5, 19).replace('T', ' ') : time],
      ['STATE', this.#isNarrow ? shortStateCell(message) : stateCell(message)],
      ['TRIES', String(message.attempts).padStart(5)],
      ['KEY', singleLine(key ?? '-')],
      ['ACTION', singleLine(action ?? '-')],
      ['ID', singleLine(message.id)],
      ['ALERT', maskSecrets(singleLine(alert ?? '-'))],
      ['SUMMARY', isErased ? '(erased)' : maskSecrets(singleLine(summary ?? '-'))],
    ]);
    const line = formatRow(
      this.#columns,
      this.#columns.map(({ title }) => cells.get(title) ?? ''),
    );
    const colour = this.#showsColour ? COLOURS[state] : undefined;
    return colour === undefined ? line : `\u001b[${colour}m${line.trimEnd()}\u001b[0m\n`;
  }
}

/** `waiting: server-error 503`; a problem that was overcome is not worth a word. */
function stateCell({ state, problem }: MessageHistory): string {
  const isOver = state === 'delivered' || state === 'replayed' || problem === undefined;
  return isOver ? state : singleLine(`${state}: ${problem}`);
}

/** `waiting ×4`: the number of attempts, if there were several. */
function shortStateCell({ state, attempts }: MessageHistory): string {
  return attempts > 1 ? `${state} ×${attempts}` : state;
}
