import { type Fact, type UnknownFact } from '@pdaltagent/journal';

/** In words, what a fact says that concerns more than one message; undefined for what an operator need not know as it happens. */
export function noticeOf(fact: Exclude<Fact, { readonly id: string }> | UnknownFact): string | undefined {
  switch (fact.kind) {
    case 'key-parked':
      return `key ${fact.key} is parked on siding ${fact.siding} of lane ${fact.lane}: it delays no other key`;
    case 'key-returned':
      return `key ${fact.key} is back in lane ${fact.lane}`;
    case 'key-throttled':
      return `key ${fact.key} is throttled`;
    case 'circuit':
      return fact.state === 'open'
        ? `the destination of ${fact.group} is unreachable`
        : `the destination of ${fact.group} is reachable again`;
    case 'spool-mode':
      return `events are stored ${fact.mode === 'direct' ? 'in RabbitMQ' : `on the gateway’s disk first (${fact.mode})`}${fact.cause === undefined ? '' : `: ${fact.cause}`}`;
    case 'destination-paused':
      return `destination ${fact.destination} is paused${fact.by === undefined ? ': it answered that it is gone' : ` by ${fact.by}`}`;
    case 'destination-resumed':
      return `destination ${fact.destination} is resumed${fact.by === undefined ? '' : ` by ${fact.by}`}`;
    case 'operator-action':
      return `${fact.by}: ${fact.action} ${fact.target}`;
    case 'gap':
      return `${fact.facts} facts are missing: RabbitMQ did not take them`;
    case 'erased':
      return `${fact.by} erased the texts of ${fact.digests.length} messages`;
    case 'started':
    case 'stopped':
    case 'lane-taken':
    case 'lane-released':
    case 'polled':
    case 'unknown':
      return undefined;
  }
}
