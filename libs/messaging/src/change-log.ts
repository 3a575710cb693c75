import { type Change, type Outcome } from '@pdaltagent/delivery';
import { responderOf, explain } from './connectivity-advice';
import { type Log } from './log';

/** Logs one line per change of state, none per attempt. */
export function logStateChange(log: Log, change: Change): void {
  switch (change.kind) {
    case 'circuit-opened':
      return log.error('destination unavailable: sending one probe per second until it recovers', {
        destination: change.destination,
        ...reasonOf(change.outcome),
      });
    case 'circuit-closed':
      return log.info('destination available again', { destination: change.destination });
    case 'key-throttled':
      return log.warn('key throttled: its messages wait, other keys are not affected', { key: change.routingKey });
    case 'key-interrupted':
      return log.warn(
        'requests of a key hang while others wait: interrupted; the key continues with one request at a time',
        {
          key: change.routingKey,
          interrupted: change.attempts,
        },
      );
    case 'key-recovered':
      return log.info('key no longer throttled', { key: change.routingKey });
    case 'key-paused':
      return log.error('destination paused: its webhooks are held until it is resumed', {
        destination: change.routingKey,
        ...(change.outcome === undefined ? {} : reasonOf(change.outcome)),
        advice: `pdaltagent webhooks resume ${change.routingKey}`,
      });
    case 'key-resumed':
      return log.info('destination resumed', { destination: change.routingKey });
    case 'connectivity-broken': {
      const { means, advice } = explain(change);
      return log.error(
        `${targetOf(change)} fails: ${means}; events wait and are retried until they reach the maximum age`,
        {
          ...subjectOf(change),
          fault: change.fault,
          ...reasonOf(change.outcome),
          advice,
        },
      );
    }
    case 'message-refused': {
      const refused = `an event was refused: ${responderOf(change.outcome)}`;
      return log.warn(
        `${refused}; it is retried, and becomes a dead letter after ten minutes if other events are accepted`,
        {
          key: change.routingKey,
          id: change.id,
          ...reasonOf(change.outcome),
          advice: 'check the size limits for requests and headers of any proxy between the worker and PagerDuty',
        },
      );
    }
    case 'connectivity-restored':
      return log.info(`${targetOf(change)} works again`, subjectOf(change));
  }
}

type ConnectivityChange = Extract<Change, { readonly kind: 'connectivity-broken' | 'connectivity-restored' }>;

function targetOf({ scope }: ConnectivityChange): string {
  return scope === 'key' ? 'delivery of one key' : 'delivery to the destination';
}

function subjectOf({ scope, name }: ConnectivityChange): Readonly<Record<string, string>> {
  return scope === 'key' ? { key: name } : { destination: name };
}

/** The network's error text is logged; the text of a response is not, because it may repeat what was sent. */
function reasonOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  if (outcome.kind !== 'failed') return { status: outcome.status };
  const { reason, status, detail, responder: { server, contentType } = {} } = outcome;
  if (status === undefined) return { reason, detail };
  return {
    reason,
    status,
    ...(server === undefined ? {} : { server }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}
