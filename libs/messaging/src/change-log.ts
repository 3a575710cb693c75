import { type Change, type Outcome } from '@pdaltagent/delivery';
import { type Log } from './log';

/** A line in the log for every change of state; none per attempt. */
export function sayChange(log: Log, change: Change): void {
  switch (change.kind) {
    case 'circuit-opened':
      return log.error('destination away: one probe a second until it is back', {
        destination: change.destination,
        ...reasonOf(change.outcome),
      });
    case 'circuit-closed':
      return log.info('destination back', { destination: change.destination });
    case 'key-throttled':
      return log.warn('key throttled: it waits, the others go on', { key: change.routingKey });
    case 'key-recovered':
      return log.info('key no longer throttled', { key: change.routingKey });
  }
}

/** What the network said is told, an answer's text is not: it may repeat what was sent. */
function reasonOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  if (outcome.kind !== 'failed') return { status: outcome.status };
  const { reason, status, detail } = outcome;
  return status === undefined ? { reason, detail } : { reason, status };
}
