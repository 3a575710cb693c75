import { truncateText } from '@pdaltagent/events';
import {
  erasureDigestOf,
  type FactStream,
  isMessageFact,
  JournalUnavailable,
  openJournal,
  type PlacedFact,
} from '@pdaltagent/journal';
import { type Criterion, type Erased } from '@pdaltagent/operations';
import { brokerVariables, journalVariables, readConfiguration } from '@pdaltagent/service';
import { openStream } from '../journal/open';
import { operatorOf, operatorVariables } from '../journal/operator';
import { HistoryReader } from '../journal/reader';
import { type Terminal } from '../terminal';
import { type PlaceResult } from './place';

/** Longer sources are cut when they are recorded. */
const SOURCE_CHARACTERS = 200;
/** 22 characters each: a fact of 45 KB. */
const DIGESTS_OF_A_FACT = 2_000;
const WRITTEN_WITHIN_MS = 10_000;

/**
 * Marks matching messages of the journal as erased, or only counts them: nobody shows their texts any more, and what is built from the
 * journal removes them. The journal itself keeps them until it is old enough to be dropped.
 */
export async function eraseJournal(
  terminal: Terminal,
  criterion: Criterion,
  isDryRun: boolean,
  stream: FactStream = openStream(terminal, 'erase'),
): Promise<PlaceResult> {
  const matching = new Set<string>();
  const reader = new HistoryReader(terminal, stream);
  try {
    await reader.readOn((placed) => {
      const id = matchingId(placed, criterion);
      if (id !== undefined) matching.add(id);
    });
  } catch (error) {
    if (!(error instanceof JournalUnavailable)) throw error;
    // What was never written need not be erased.
    if (error.reason === 'missing') return { found: 0, erased: 0, problems: [], isAbsent: true };
    const problem = `the journal was not searched to the end, erase again: ${error.message}`;
    return { found: 0, erased: 0, problems: [problem], isElsewhere: error.reason === 'refused' };
  }
  const ids = [...matching].filter((id) => !reader.erasures.has(id));
  if (isDryRun || ids.length === 0) return { found: ids.length, erased: 0, problems: [] };
  return publish(terminal, ids);
}

/**
 * The id of the fact’s message, if it says what is searched for, or if the message was erased elsewhere: that may have found it by what
 * the journal does not have of it.
 */
function matchingId({ fact }: PlacedFact, { kind, value }: Criterion): string | undefined {
  if (!isMessageFact(fact)) return undefined;
  if (fact.kind === 'discarded' && fact.why === 'erased') return fact.id;
  const alert = 'alert' in fact ? fact.alert : undefined;
  const source = 'source' in fact ? fact.source : undefined;
  switch (kind) {
    case 'ids':
      return undefined;
    case 'dedup-key':
      return alert === value ? fact.id : undefined;
    case 'source':
      return source === truncateText(SOURCE_CHARACTERS, value) ? fact.id : undefined;
    case 'text': {
      const summary = 'summary' in fact ? fact.summary : undefined;
      const answer = 'answer' in fact ? fact.answer : undefined;
      const texts = [alert, source, summary, answer].filter((text) => text !== undefined);
      return texts.join('\n').toLowerCase().includes(value.toLowerCase()) ? fact.id : undefined;
    }
  }
}

async function publish({ environment }: Terminal, ids: readonly string[]): Promise<Erased> {
  const configuration = readConfiguration(
    { ...brokerVariables, ...journalVariables, ...operatorVariables },
    environment,
  );
  let cause = 'RabbitMQ did not confirm it in time';
  const keepCause = (message: string): void => {
    cause = message;
  };
  const logger = { info: () => undefined, warn: keepCause, error: keepCause };
  // Also where the journal is switched off: what others wrote is there nevertheless.
  const journal = openJournal({ ...configuration, journal: true }, { logger, service: 'pdaltagent' });
  const by = operatorOf(configuration, environment);
  let erased = 0;
  journal.start();
  for (let start = 0; start < ids.length; start += DIGESTS_OF_A_FACT) {
    const part = ids.slice(start, start + DIGESTS_OF_A_FACT);
    journal.record({ kind: 'erased', by, digests: part.map(erasureDigestOf) });
    if (!(await journal.flush(WRITTEN_WITHIN_MS))) break;
    erased += part.length;
  }
  await journal.stop();
  const isDone = erased === ids.length;
  const problems = isDone ? [] : [`messages of the journal are not marked as erased, erase again: ${cause}`];
  return { found: ids.length, erased, problems };
}
