import {
  deadLetterExchange,
  EVENTS,
  JOURNAL,
  type LaneGroup,
  parkingExchange,
  type Permission,
  PULSE_QUEUE,
  REPLY_EXCHANGE,
  STATUS_EXCHANGE,
  WEBHOOKS,
} from '@pdaltagent/messaging';

/** Who connects to RabbitMQ: the services, and an operator's commands. */
export const ROLES = ['ingest-gateway', 'delivery-worker', 'log-poller', 'webhook-sender', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** For each permission a regular expression, as RabbitMQ matches it with the names of exchanges and queues. */
export type Permissions = Readonly<Record<Permission, string>>;

/** Exclusive queues that RabbitMQ names, to listen to workers: declared, bound (which is to write) and consumed. */
const OWN_QUEUES = 'amq\\.gen-.*';

/** What an exclusive queue of this name locks. */
const lockOf = ({ deadLetters }: LaneGroup): string => literal(`${deadLetters}.in-use`);

/** Its lanes, with their sidings and tables. */
const lanesOf = ({ exchange }: LaneGroup): string => `${literal(exchange)}\\.lane\\..*`;

/** Publishes to these exchanges and the journal only, and reads nothing. */
const publisherTo = (...exchanges: string[]): Permissions =>
  permissions({ write: [...exchanges, JOURNAL].map(literal) });

/**
 * Consumes lanes, sidings and tables; publishes to them, for messages in the wrong lane and for parked keys; writes dead letters, and
 * deletes those over a limit; announces itself, and answers commands; writes the journal, which it cannot read.
 */
const workerOf = (laneGroup: LaneGroup): Permissions =>
  permissions({
    configure: [OWN_QUEUES, lockOf(laneGroup)],
    write: [
      OWN_QUEUES,
      ...[
        laneGroup.exchange,
        parkingExchange(laneGroup),
        deadLetterExchange(laneGroup),
        STATUS_EXCHANGE,
        REPLY_EXCHANGE,
        JOURNAL,
      ].map(literal),
    ],
    read: [OWN_QUEUES, lanesOf(laneGroup), ...[laneGroup.deadLetters, PULSE_QUEUE, STATUS_EXCHANGE].map(literal)],
  });

/** Reads dead letters and replays them to the lanes; asks workers; reads the journal, and writes to it what it did. Reads no lane. */
const operator = permissions({
  configure: [OWN_QUEUES, lockOf(EVENTS), lockOf(WEBHOOKS)],
  write: [OWN_QUEUES, ...[EVENTS.exchange, WEBHOOKS.exchange, STATUS_EXCHANGE, JOURNAL].map(literal)],
  read: [
    OWN_QUEUES,
    ...[EVENTS.deadLetters, WEBHOOKS.deadLetters, PULSE_QUEUE, STATUS_EXCHANGE, REPLY_EXCHANGE, JOURNAL].map(literal),
  ],
});

/** What each role needs, and nothing else. To check that a queue or an exchange exists needs no permission. */
export const PERMISSIONS: Readonly<Record<Role, Permissions>> = {
  'ingest-gateway': publisherTo(EVENTS.exchange),
  'delivery-worker': workerOf(EVENTS),
  // Log entries of which it cannot make a webhook become dead letters.
  'log-poller': publisherTo(WEBHOOKS.exchange, deadLetterExchange(WEBHOOKS)),
  'webhook-sender': workerOf(WEBHOOKS),
  operator,
};

function permissions(names: Partial<Record<Permission, readonly string[]>>): Permissions {
  const pattern = (of: readonly string[] = []): string => {
    const [only = ''] = of;
    return of.length > 1 ? `^(${of.join('|')})$` : `^${only}$`;
  };
  return { configure: pattern(names.configure), write: pattern(names.write), read: pattern(names.read) };
}

function literal(name: string): string {
  return name.replaceAll('.', '\\.');
}
