import { type Erasures, isMessageFact, MessageHistory, type MessageState, type PlacedFact } from '@pdaltagent/journal';
import { IdSet } from '../journal/id-set';
import { hasTexts, mayMatch, type Selection } from './selection';

/** How many more messages than asked for are held before the oldest are dropped. */
const SLACK = 1_000;

/**
 * The newest messages of a selection. It holds about as many as are asked for, and those whose state may still become the one that is
 * asked for: of a message that does not match, or no longer can, only a hash of its id is kept.
 */
export class NewestMessages {
  readonly #selection: Selection;
  readonly #limit: number;
  readonly #messages = new Map<string, MessageHistory>();
  /** Ids whose further facts do not matter. */
  readonly #done = new IdSet();
  /** Messages that were accepted earlier are dropped; milliseconds since 1970. */
  #from = -Infinity;
  #dropped = 0;
  #nextDrop: number;

  constructor(selection: Selection, limit: number) {
    this.#selection = selection;
    this.#limit = limit;
    this.#nextDrop = 2 * limit + SLACK;
  }

  /** Number of messages that are held. */
  get held(): number {
    return this.#messages.size;
  }

  add(placed: PlacedFact): void {
    const { fact } = placed;
    if (!isMessageFact(fact) || !mayMatch(this.#selection, placed)) return;
    if ('accepted' in fact && fact.accepted < this.#from) return;
    let message = this.#messages.get(fact.id);
    if (message === undefined) {
      if (this.#done.has(fact.id)) return;
      message = new MessageHistory(fact);
      this.#messages.set(fact.id, message);
    }
    message.add(fact);
    if (this.#isDone(message)) {
      this.#messages.delete(fact.id);
      this.#done.add(fact.id);
    } else if (this.#messages.size > this.#nextDrop) this.#dropOldest();
  }

  get(id: string): MessageHistory | undefined {
    return this.#messages.get(id);
  }

  /** The newest ones, the newest last, and how many there are in all. */
  result(erasures: Erasures): { readonly messages: readonly MessageHistory[]; readonly found: number } {
    for (const message of this.#messages.values()) if (erasures.has(message.id)) message.erase();
    const matching = [...this.#messages.values()].filter((message) => this.#matches(message));
    matching.sort((a, b) => timeOf(a) - timeOf(b));
    return { messages: matching.slice(-this.#limit), found: this.#dropped + matching.length };
  }

  #matches(message: MessageHistory): boolean {
    const { states, since = -Infinity, until = Infinity } = this.#selection;
    const accepted = timeOf(message);
    if (accepted < since || accepted > until || message.key === undefined) return false;
    return (states === undefined || states.has(message.state)) && hasTexts(this.#selection, message);
  }

  /** Whether it never matches: its texts, which are all known once it was accepted, do not; or it is delivered and must not be. */
  #isDone(message: MessageHistory): boolean {
    if (message.bytes !== undefined && !hasTexts(this.#selection, message)) return true;
    return message.state === 'delivered' && !this.#isWanted('delivered');
  }

  #isWanted(state: MessageState): boolean {
    return this.#selection.states?.has(state) !== false;
  }

  /** Only messages that match whatever happens to them next tell which ones are too old to be shown. */
  #dropOldest(): void {
    const matching = [...this.#messages.values()]
      .filter((message) => this.#matches(message) && (this.#selection.states === undefined || isFinal(message)))
      .map(timeOf)
      .sort((a, b) => b - a);
    const from = matching[this.#limit - 1];
    if (from !== undefined && from > this.#from) {
      this.#from = from;
      for (const [id, message] of this.#messages) {
        if (timeOf(message) >= from) continue;
        if (this.#matches(message)) this.#dropped += 1;
        this.#messages.delete(id);
      }
    }
    this.#nextDrop = Math.max(2 * this.#limit + SLACK, 2 * this.#messages.size);
  }
}

const isFinal = ({ state }: MessageHistory): boolean => state === 'delivered';

/** When it was accepted, as far as it is known. */
const timeOf = ({ accepted, changedAt }: MessageHistory): number => accepted ?? changedAt;
