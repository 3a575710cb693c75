import { type FactGroup } from '@pdaltagent/journal';
import { type OpenMessage } from './accounts';

/** What there is to be seen outside the journal. */
export interface Observed {
  /** Ids of dead letters that are in their queues. */
  readonly deadLetters: ReadonlySet<string>;
  /** Ids of messages that workers hold. */
  readonly held: ReadonlySet<string>;
  /** Ids of messages in the spools of this host. */
  readonly spooled: ReadonlySet<string>;
  /** Messages that no worker holds, by lane, its sidings included. */
  readonly ready: Readonly<Record<FactGroup, readonly number[]>>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** How the messages that are not delivered are accounted for. */
export interface Placement {
  readonly deadLetters: Readonly<Record<FactGroup, number>>;
  readonly waiting: Readonly<Record<FactGroup, Waiting>>;
  readonly unaccounted: readonly Unaccounted[];
  /** Whose place is not known for sure: a worker may hold it. At most some of each lane, the oldest. */
  readonly doubtful: readonly OpenMessage[];
}

/** Numbers of messages that wait, by how they were found. */
export interface Waiting {
  readonly held: number;
  readonly spooled: number;
  /** As many as their lane has messages. */
  readonly lanes: number;
  /** Its last fact is so recent that the next one may not be there yet. */
  readonly recent: number;
}

export interface Unaccounted {
  readonly message: OpenMessage;
  readonly why: string;
}

/** Facts are published within a quarter of a second, and later if RabbitMQ is slow. */
export const RECENT_MS = 10_000;
/** More than a worker holds of one lane and its sidings. */
const DOUBTFUL_OF_A_LANE = 640;

/** Places each open message, which must be sorted by age, the oldest first: a lane is emptied from its oldest end. */
export function place(open: Iterable<OpenMessage>, observed: Observed): Placement {
  const deadLetters = { events: 0, webhooks: 0 };
  const nothing = { held: 0, spooled: 0, lanes: 0, recent: 0 };
  const waiting = { events: { ...nothing }, webhooks: { ...nothing } };
  const unaccounted: Unaccounted[] = [];
  const inLanes = { events: new Map<number | undefined, OpenMessage[]>(), webhooks: new Map() };
  for (const message of open) {
    const { id, group, lane, state, isReplayed, changedAt } = message;
    if (observed.deadLetters.has(id)) deadLetters[group] += 1;
    else if (observed.held.has(id)) waiting[group].held += 1;
    else if (observed.spooled.has(id)) waiting[group].spooled += 1;
    else if (changedAt > observed.now - RECENT_MS) {
      if (state === 'dead-letter') deadLetters[group] += 1;
      else waiting[group].recent += 1;
    }
    // It may have become a dead letter twice, because its lane was lost in between, and be replayed once.
    else if (state === 'dead-letter' && !isReplayed)
      unaccounted.push({ message, why: 'it became a dead letter, and is not among them' });
    else pushInto(inLanes[group], lane, message);
  }
  const doubtful: OpenMessage[] = [];
  for (const group of ['events', 'webhooks'] as const) {
    for (const { messages, ready, where } of lanesOf(inLanes[group], observed.ready[group])) {
      const missing = Math.max(0, messages.length - ready);
      waiting[group].lanes += messages.length - missing;
      if (missing === 0) continue;
      doubtful.push(...messages.slice(0, DOUBTFUL_OF_A_LANE));
      unaccounted.push(
        ...messages.slice(0, missing).map((message) => ({ message, why: whyOf(where, ready, messages) })),
      );
    }
  }
  return { deadLetters, waiting, unaccounted, doubtful };
}

interface Lane {
  readonly messages: readonly OpenMessage[];
  readonly ready: number;
  readonly where: string;
}

/** Messages whose lane is not known may be in any: they agree with what the others leave. */
function* lanesOf(
  messagesOf: ReadonlyMap<number | undefined, readonly OpenMessage[]>,
  ready: readonly number[],
): Generator<Lane> {
  let left = ready.reduce((sum, count) => sum + count, 0);
  for (const [lane, messages] of messagesOf) {
    if (lane === undefined) continue;
    const count = ready[lane] ?? 0;
    left -= Math.min(count, messages.length);
    yield { messages, ready: count, where: `lane ${String(lane).padStart(2, '0')} has` };
  }
  const others = messagesOf.get(undefined);
  if (others !== undefined) yield { messages: others, ready: left, where: 'the lanes have' };
}

function whyOf(where: string, ready: number, { length }: readonly OpenMessage[]): string {
  const count = ready === 0 ? 'no message' : `${ready} of ${length} messages`;
  return `no worker holds it, and ${where} ${count}`;
}

function pushInto(all: Map<number | undefined, OpenMessage[]>, lane: number | undefined, message: OpenMessage): void {
  const known = all.get(lane);
  if (known === undefined) all.set(lane, [message]);
  else known.push(message);
}
