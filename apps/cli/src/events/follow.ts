import { delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Fact, isMessageFact, MessageHistory, type PlacedFact, type UnknownFact } from '@pdaltagent/journal';
import { instantOf } from '../duration';
import { type HistoryReader } from '../journal/reader';
import { singleLine } from '../table';
import { type Terminal } from '../terminal';
import { noticeOf } from './notice';
import { recordOf } from './record';
import { hasTexts, mayMatch, type Selection } from './selection';
import { type MessageTable } from './table';

/** A message that is delivered sooner is shown once, as delivered. */
const SOON_MS = 2_000;
const CHECK_MS = 500;
/** Messages that are remembered, so that later lines have their summaries. */
const REMEMBERED = 10_000;

interface Followed {
  readonly message: MessageHistory;
  /** What was last shown of it. */
  shown: string | undefined;
  readonly since: number;
}

/**
 * Prints a line whenever something becomes of a message: it is delivered, or fails for another reason than before, or still waits two
 * seconds after it was accepted. Between them, unless messages are selected, what concerns all of them: an outage, a throttled key.
 */
export async function followEvents(
  terminal: Terminal,
  reader: HistoryReader,
  selection: Selection,
  known: readonly MessageHistory[],
  table: MessageTable | undefined,
): Promise<void> {
  const stop = new AbortController();
  const lines = new FollowedLines(terminal, { ...selection, since: undefined }, known, table);
  const watching = watch(lines, stop.signal);
  try {
    await reader.follow(stop.signal, (placed) => lines.add(placed));
  } finally {
    stop.abort();
    await watching;
  }
}

async function watch(lines: FollowedLines, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(SYSTEM_CLOCK, CHECK_MS, signal).catch(() => undefined);
    lines.showWaiting(SYSTEM_CLOCK.monotonic());
  }
}

export class FollowedLines {
  readonly #terminal: Terminal;
  readonly #selection: Selection;
  /** Undefined: JSON is printed. */
  readonly #table: MessageTable | undefined;
  readonly #showsNotices: boolean;
  readonly #followed = new Map<string, Followed>();
  /** Accepted, and nothing else yet. */
  readonly #fresh = new Set<Followed>();

  constructor(
    terminal: Terminal,
    selection: Selection,
    known: readonly MessageHistory[],
    table: MessageTable | undefined,
  ) {
    this.#terminal = terminal;
    this.#selection = selection;
    this.#table = table;
    const { words, id, alert, source, key, states } = selection;
    this.#showsNotices =
      table !== undefined && words.length === 0 && [id, alert, source, key, states].every((one) => one === undefined);
    for (const message of known)
      this.#followed.set(message.id, { message, shown: aspectOf(message), since: -Infinity });
  }

  add(placed: PlacedFact): void {
    const { fact } = placed;
    if (!isMessageFact(fact)) this.#notice(fact);
    else if (mayMatch(this.#selection, placed)) {
      const followed = this.#followedOf(fact.id, fact.group);
      followed.message.add(fact);
      if (fact.kind === 'accepted' && followed.shown === undefined) this.#fresh.add(followed);
      else this.#show(followed, fact.at);
    }
  }

  /** Shows what was accepted a while ago, and has not got further. */
  showWaiting(now: number): void {
    for (const followed of this.#fresh) {
      if (now - followed.since < SOON_MS) continue;
      this.#fresh.delete(followed);
      this.#show(followed, followed.message.changedAt);
    }
  }

  #followedOf(id: string, group: MessageHistory['group']): Followed {
    const known = this.#followed.get(id);
    if (known !== undefined) return known;
    const followed: Followed = {
      message: new MessageHistory({ id, group }),
      shown: undefined,
      since: SYSTEM_CLOCK.monotonic(),
    };
    this.#followed.set(id, followed);
    const [oldest] = this.#followed.keys();
    if (this.#followed.size > REMEMBERED && oldest !== undefined) this.#followed.delete(oldest);
    return followed;
  }

  #show(followed: Followed, at: number): void {
    const { message } = followed;
    const aspect = aspectOf(message);
    if (followed.shown === aspect) return;
    this.#fresh.delete(followed);
    const { states } = this.#selection;
    // What has been shown as waiting is shown again when it no longer is, although that state is not asked for.
    const isMeant = states?.has(message.state) !== false || followed.shown !== undefined;
    if (!isMeant || !hasTexts(this.#selection, message)) return;
    followed.shown = aspect;
    this.#terminal.out(
      this.#table?.row(message, at) ??
        `${JSON.stringify(recordOf(message))}
`,
    );
  }

  #notice(fact: Exclude<Fact, { readonly id: string }> | UnknownFact): void {
    if (!this.#showsNotices) return;
    if ('group' in fact && this.#selection.group !== undefined && fact.group !== this.#selection.group) return;
    const notice = noticeOf(fact);
    if (notice !== undefined) this.#terminal.out(`${instantOf(fact.at)}  ${singleLine(notice)}\n`);
  }
}

/** What a line about the message says; another line is printed only when it changes. */
function aspectOf({ state, problem }: MessageHistory): string {
  return state === 'delivered' ? state : `${state} ${problem ?? ''}`;
}
