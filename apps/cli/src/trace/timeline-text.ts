import { type PlacedFact } from '@pdaltagent/journal';
import { maskSecrets } from '@pdaltagent/service';
import { noticeOf } from '../events/notice';
import { instantOf } from '../duration';
import { singleLine } from '../table';
import { type History, type Timeline } from './history';

/** What the journal says, or why it says nothing. @param width of the terminal: longer lines go on below their beginning */
export function historyLines(history: History, width = Infinity): string[] {
  if (history.kind === 'unavailable') return [`no history: ${history.reason}`];
  const { timelines, earlier, missing, since } = history;
  if (timelines.length === 0)
    return [`the journal has nothing of it since ${instantOf(since)}`, ...missing].map(singleLine);
  return [
    ...(earlier === 0 ? [] : ['', `and ${earlier} earlier: pdaltagent events --dedup-key lists them`]),
    ...timelines.flatMap((timeline) => ['', ...timelineLines(timeline, width)]),
    ...missing.map((line) => `  ${singleLine(line)}`),
  ];
}

function timelineLines({ message, facts }: Timeline, width: number): string[] {
  const { id, action, alert, key, state, summary, severity, source, isErased } = message;
  const of = alert === undefined ? '' : ` of ${alert}`;
  const about = [severity, source].filter((text) => text !== undefined && text !== '').join(', ');
  const text = isErased ? '(erased)' : summary;
  const title = singleLine(
    `history of ${id}: ${action ?? message.type ?? 'message'}${of}, key ${key ?? '-'}: ${state}`,
  );
  const lines = [
    ...(text === undefined ? [] : wrapped('  ', singleLine(`${text}${about === '' ? '' : ` (${about})`}`), width)),
    ...facts.flatMap((placed) => wrapped(`  ${timeOf(placed)}  `, singleLine(factText(placed)), width)),
  ];
  return [title, ...lines].map(maskSecrets);
}

/** The text in lines of this width; the first one begins with the given words, the others are indented as far. */
function wrapped(begin: string, text: string, width: number): string[] {
  const room = Math.max(20, width - begin.length);
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= room) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => (index === 0 ? begin : ' '.repeat(begin.length)) + line);
}

/** With milliseconds, which tell how long PagerDuty took. */
const timeOf = ({ fact }: PlacedFact): string => new Date(fact.at).toISOString();

/** What happened, in words. */
function factText({ fact, source }: PlacedFact): string {
  const where = `${source.service} on ${source.host}`;
  switch (fact.kind) {
    case 'accepted':
      return `accepted by ${where}${fact.token === undefined ? '' : ` with token ${fact.token}`}: ${fact.bytes} bytes`;
    case 'attempted': {
      const why = withStatus(fact.reason ?? fact.outcome, fact.status);
      return `attempt ${fact.attempt}: ${why} after ${fact.ms} ms, by ${where}${quoted(fact.answer)}`;
    }
    case 'delivered':
      return `attempt ${fact.attempt}: delivered, ${fact.status} after ${fact.ms} ms, by ${where}`;
    case 'repeated':
      return `not sent again by ${where}: it was delivered before`;
    case 'dead-lettered':
      return `dead letter: ${withStatus(fact.reason, fact.status)}, by ${where}${quoted(fact.answer)}`;
    case 'quarantined':
      return `quarantined by ${where}: ${fact.problem}`;
    case 'discarded':
      return `discarded from ${fact.from} by ${fact.by}${fact.why === undefined ? '' : `: ${fact.why}`}`;
    case 'expired':
      return `removed by the limit of ${fact.limit}`;
    case 'replayed':
      return `sent again by ${fact.by}${fact.as === undefined ? '' : ` as ${fact.as}`}`;
    case 'unknown':
      return `${String(fact.content.kind)} (of a newer version of PDaltagent), by ${where}`;
    default:
      return noticeOf(fact) ?? fact.kind;
  }
}

const withStatus = (reason: string, status: number | undefined): string =>
  status === undefined ? reason : `${reason} ${status}`;

const quoted = (answer: string | undefined): string => (answer === undefined || answer === '' ? '' : `: ${answer}`);
