import { type Change } from '@pdaltagent/delivery';
import { type Log } from './log';

/** A line in the log for every change of state; none per attempt. */
export function sayChange(log: Log, change: Change): void {
  switch (change.kind) {
    case 'circuit-opened':
      return log.error('destination away: one probe a second until it is back', { ...change });
    case 'circuit-closed':
      return log.info('destination back', { destination: change.destination });
    case 'key-throttled':
      return log.warn('key throttled: it waits, the others go on', { key: change.routingKey });
    case 'key-recovered':
      return log.info('key no longer throttled', { key: change.routingKey });
  }
}
