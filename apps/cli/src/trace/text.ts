import { type HeldReport } from '@pdaltagent/messaging';
import { durationOf } from '../duration';
import { singleLine } from '../table';
import { type TraceReport } from './report';

/** Why a worker does not send a message at this moment. */
const STATES: Readonly<Record<HeldReport['by'], string>> = {
  attempt: 'an attempt is on its way',
  end: 'it was answered, and its end is being written',
  former: 'it waits for those of its alert that come first',
  paused: 'its destination is paused until somebody resumes it',
  away: 'the destination is away; it is tried again as soon as one event gets through',
  moving: 'its key is being moved aside',
  throttled: 'its key waits, for it is throttled or paced',
  backoff: 'it waits after a failed attempt',
  turn: 'it is next as soon as a slot is free',
  entering: 'it came off its queue a moment ago, or is on its way aside',
};

/** What an operator reads. `age`: of a message id; milliseconds, where it tells its time. */
export function formatReport(report: TraceReport, age: number | undefined): string {
  const lines = [
    ...(report.accepted_at === null || age === undefined
      ? []
      : [`accepted at ${report.accepted_at}, ${durationOf(age)} ago, by its id`]),
    ...deliveredLines(report),
    ...report.held.map(heldLine),
    ...(report.held_more === 0 ? [] : [`and ${report.held_more} more of it are held by the same workers`]),
    ...report.dead_letters.map(deadLetterLine),
    ...laneLines(report),
    ...notFoundLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

function deliveredLines({ delivered, last_deliveries: last }: TraceReport): string[] {
  const lines = last.map(({ id, key, action, accepted_at: accepted, delivered_at: at }) =>
    singleLine(`delivered at ${at}: ${action}, accepted at ${accepted}, id ${id}, key ${key}; the latest of its alert`),
  );
  switch (delivered) {
    case 'delivered':
      return ['delivered: Redis remembers that it was taken', ...lines];
    case 'not remembered':
      return lines;
    case 'Redis is away':
      return ['Redis is away: whether it was delivered is not known'];
    case 'Redis is not configured':
      return ['PDAGENTD_REDIS_URL is not set here: whether it was delivered is not known'];
  }
}

function heldLine(held: TraceReport['held'][number]): string {
  const place = `lane ${held.lane ?? '?'} of ${held.family}${held.siding === null ? '' : `, aside on siding ${held.siding}`}`;
  const tries =
    held.attempts === 0
      ? 'not tried yet'
      : `${triesOf(held.attempts)}, the last at ${held.last_attempt_at ?? '-'}${held.last_outcome === null ? '' : ` (${held.last_outcome})`}`;
  const behind = held.behind === 0 ? '' : `, behind ${held.behind}`;
  const next = held.next_attempt_at === null ? '' : `, next try at ${held.next_attempt_at}`;
  const what = singleLine(`${held.id} (${held.key}, alert ${held.alert ?? '-'})`);
  return `held by a worker in ${place}: ${what}: ${tries}; ${STATES[held.state]}${behind}${next}`;
}

function triesOf(attempts: number | null): string {
  return `${attempts ?? '?'} ${attempts === 1 ? 'try' : 'tries'}`;
}

function deadLetterLine(letter: TraceReport['dead_letters'][number]): string {
  const { id, family, reason, status, action, alert, last_attempt_at: last } = letter;
  const why = status === null ? reason : `${reason} with ${status}`;
  return singleLine(
    `dead letter ${id} (${family}): ${action} of ${alert}, ${why}, ${triesOf(letter.attempts)}, the last at ${last ?? '-'}`,
  );
}

function laneLines({ lane }: TraceReport): string[] {
  if (lane === null) return [];
  const worker = lane.has_worker ? 'a worker works it' : 'nobody works it';
  const lines = [`its key ${lane.key} has lane ${lane.lane} of ${lane.family}: ${lane.waiting} waiting; ${worker}`];
  if (lane.sidings_in_use > 0) {
    const keys =
      lane.sidings_in_use === 1 ? '1 key of that lane stands' : `${lane.sidings_in_use} keys of that lane stand`;
    lines.push(`${keys} on sidings, ${lane.waiting_on_sidings} waiting there`);
  }
  return lines;
}

function notFoundLines({ found, waiting, lanes_without_answer: lanesWithoutReply }: TraceReport): string[] {
  const unsure =
    lanesWithoutReply === 0 ? [] : [`the workers of ${lanesWithoutReply} lanes did not answer: they may hold it`];
  if (found) return unsure;
  const places =
    waiting === 0 ? 'nothing waits in the lanes' : `${waiting} wait in all lanes, and it may be one of them`;
  return [
    'not among the dead letters, not remembered as delivered, and no worker that answered holds it:',
    `${places}, or it was never accepted`,
    ...unsure,
  ];
}
