import { type HeldReport } from '@pdaltagent/messaging';
import { durationOf } from '../duration';
import { singleLine } from '../table';
import { type History } from './history';
import { type TraceReport } from './report';
import { historyLines } from './timeline-text';

/** Why a worker is not sending a message right now. */
const STATES: Readonly<Record<HeldReport['by'], string>> = {
  attempt: 'an attempt is in progress',
  end: 'it was answered, and the result is being written',
  former: 'it waits for earlier events of its alert',
  paused: 'its destination is paused until it is resumed',
  away: 'the destination is unreachable; it is retried as soon as one event gets through',
  moving: 'its key is being parked',
  throttled: 'its key is throttled',
  backoff: 'it waits after a failed attempt',
  turn: 'it is sent as soon as a slot is free',
  entering: 'it was received a moment ago, or is being parked',
};

/** The report as text. `age`: of the message id, in milliseconds, if it contains a time. */
export function formatReport(report: TraceReport, age: number | undefined, history: History, width?: number): string {
  const lines = [
    ...(report.accepted_at === null || age === undefined
      ? []
      : [`accepted at ${report.accepted_at}, ${durationOf(age)} ago, according to its id`]),
    ...deliveredLines(report),
    ...report.held.map(heldLine),
    ...(report.held_more === 0 ? [] : [`and ${report.held_more} more of the same alert are held by the same workers`]),
    ...report.dead_letters.map(deadLetterLine),
    ...laneLines(report),
    ...notFoundLines(report),
    ...historyLines(history, width),
  ];
  return `${lines.join('\n')}\n`;
}

function deliveredLines({ delivered, last_deliveries: last }: TraceReport): string[] {
  const lines = last.map(({ id, key, action, accepted_at: accepted, delivered_at: at }) =>
    singleLine(
      `delivered at ${at}: ${action}, accepted at ${accepted}, id ${id}, key ${key}; the latest delivery of its alert`,
    ),
  );
  switch (delivered) {
    case 'delivered':
      return ['delivered, according to Redis', ...lines];
    case 'not remembered':
      return lines;
    case 'Redis is away':
      return ['Redis is unreachable: it is unknown whether it was delivered'];
    case 'Redis is not configured':
      return ['PDAGENTD_REDIS_URL is not set here: it is unknown whether it was delivered'];
  }
}

function heldLine(held: TraceReport['held'][number]): string {
  const place = `lane ${held.lane ?? '?'} of ${held.family}${held.siding === null ? '' : `, parked on siding ${held.siding}`}`;
  const tries =
    held.attempts === 0
      ? 'not attempted yet'
      : `${attemptsText(held.attempts)}, the last at ${held.last_attempt_at ?? '-'}${held.last_outcome === null ? '' : ` (${held.last_outcome})`}`;
  const behind = held.behind === 0 ? '' : `, after ${held.behind} ${held.behind === 1 ? 'other' : 'others'}`;
  const next = held.next_attempt_at === null ? '' : `, next attempt at ${held.next_attempt_at}`;
  const what = singleLine(`${held.id} (${held.key}, alert ${held.alert ?? '-'})`);
  return `held by a worker in ${place}: ${what}: ${tries}; ${STATES[held.state]}${behind}${next}`;
}

function attemptsText(attempts: number | null): string {
  return `${attempts ?? '?'} ${attempts === 1 ? 'attempt' : 'attempts'}`;
}

function deadLetterLine(letter: TraceReport['dead_letters'][number]): string {
  const { id, family, reason, status, action, alert, last_attempt_at: last } = letter;
  const why = status === null ? reason : `${reason} with ${status}`;
  return singleLine(
    `dead letter ${id} (${family}): ${action} of ${alert}, ${why}, ${attemptsText(letter.attempts)}, the last at ${last ?? '-'}`,
  );
}

function laneLines({ lane }: TraceReport): string[] {
  if (lane === null) return [];
  const worker = lane.has_worker ? 'it has a worker' : 'it has no worker';
  const lines = [`key ${lane.key} has lane ${lane.lane} of ${lane.family}: ${lane.waiting} waiting; ${worker}`];
  if (lane.parked_keys > 0) {
    const keys = lane.parked_keys === 1 ? '1 key of that lane is' : `${lane.parked_keys} keys of that lane are`;
    lines.push(`${keys} parked, with ${lane.waiting_on_sidings} waiting on sidings`);
  }
  return lines;
}

function notFoundLines({ found, waiting, lanes_without_answer: lanesWithoutReply }: TraceReport): string[] {
  const unsure =
    lanesWithoutReply === 0 ? [] : [`the workers of ${lanesWithoutReply} lanes did not reply: they may hold it`];
  if (found) return unsure;
  const places =
    waiting === 0
      ? 'nothing is waiting in the lanes'
      : `${waiting} are waiting in all lanes, and it may be one of them`;
  return [
    'not a dead letter, not recorded as delivered, and not held by any worker that replied:',
    `${places}, or it was never accepted`,
    ...unsure,
  ];
}
