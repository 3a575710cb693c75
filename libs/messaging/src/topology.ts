export type QueueType = 'quorum' | 'classic';

/** An exchange with its ordered lanes. The numbers are constants: processes with different ones would split alerts. */
export interface LaneGroup {
  readonly exchange: string;
  readonly lanes: number;
  /** Sidings per lane, on which keys that must wait are parked. */
  readonly sidings: number;
  /**
   * Unacknowledged messages of a lane; see `formerPrefetch`. A lane's other keys wait while the messages of noisy keys are moved, each
   * of which takes until its confirm: as many as these are under way at a time.
   */
  readonly prefetch: number;
  /**
   * Unacknowledged messages of a siding, and those of a lane while there may be a worker that has no larger window: if a consumer with a
   * smaller window is lost before it has received everything that a larger one returned, the next one receives it out of order.
   */
  readonly formerPrefetch: number;
  readonly deadLetters: string;
  /** What determines a message's lane: its routing key, or its order key. */
  readonly laneBy: 'routing key' | 'order key';
}

const PREFETCH = 64;
const EVENTS_PREFETCH = 256;

export const EVENTS: LaneGroup = {
  exchange: 'pdaltagent.events',
  lanes: 32,
  sidings: 4,
  prefetch: EVENTS_PREFETCH,
  formerPrefetch: PREFETCH,
  deadLetters: 'pdaltagent.events.dead-letters',
  laneBy: 'routing key',
};

export const WEBHOOKS: LaneGroup = {
  exchange: 'pdaltagent.webhooks',
  lanes: 16,
  sidings: 2,
  prefetch: PREFETCH,
  formerPrefetch: PREFETCH,
  deadLetters: 'pdaltagent.webhooks.dead-letters',
  laneBy: 'order key',
};

/** The exchange of the journal, and the stream that is bound to it. */
export const JOURNAL = 'pdaltagent.journal';

/** The exchange on which workers announce themselves. */
export const STATUS_EXCHANGE = 'pdaltagent.status';
/** The exchange on which workers answer commands, whose exclusive queues are bound to it by their names. */
export const REPLY_EXCHANGE = 'pdaltagent.replies';
/** Always empty: workers subscribe to it for a moment to learn whether a majority of the broker's nodes agrees. */
export const PULSE_QUEUE = 'pdaltagent.pulse';
/**
 * The exchange through which the broker itself dead-letters what a worker rejects, of every lane group, and through which versions before
 * publish dead letters; the routing key is the name of the lane group's dead-letter queue. Each queue names it in its arguments, which
 * cannot be changed.
 */
export const DEAD_LETTER_EXCHANGE = 'pdaltagent.dead-letters';

/** Never reached, but set: without a limit RabbitMQ 3.10 puts a requeued message at the end of its queue. */
const DELIVERY_LIMIT = 1_000_000;

/** The lane's routing key on its exchange: `07`. */
export function laneKey(lane: number): string {
  return String(lane).padStart(2, '0');
}

/** The siding's routing key on its exchange: `07.siding.2`. */
export function sidingKey(lane: number, siding: number): string {
  return `${laneKey(lane)}.siding.${siding}`;
}

export function laneQueue(laneGroup: LaneGroup, lane: number): string {
  return `${laneGroup.exchange}.lane.${laneKey(lane)}`;
}

export function sidingQueue(laneGroup: LaneGroup, lane: number, siding: number): string {
  return `${laneGroup.exchange}.lane.${sidingKey(lane, siding)}`;
}

/** The routing key of the lane's table of parked keys on its exchange: `07.table`. */
export function tableKey(lane: number): string {
  return `${laneKey(lane)}.table`;
}

export function tableQueue(laneGroup: LaneGroup, lane: number): string {
  return `${laneGroup.exchange}.lane.${tableKey(lane)}`;
}

/**
 * The exchange of a lane group's sidings and tables. Only workers publish to it: who may write to the lanes alone, as the gateway,
 * cannot forge which keys are parked.
 */
export function parkingExchange({ exchange }: Pick<LaneGroup, 'exchange'>): string {
  return `${exchange}.parking`;
}

/** The exchange to which dead letters of a lane group are published: who may write one group's cannot write the other's. */
export function deadLetterExchange({ exchange }: Pick<LaneGroup, 'exchange'>): string {
  return `${exchange}.dead`;
}

/** The lane of a key, the same in every process and version: FNV-1a (32 bits) of its UTF-8 bytes. */
export function laneOf(laneGroup: Pick<LaneGroup, 'lanes'>, key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % laneGroup.lanes;
}

/** The lane of a message: by the routing key of an event, by the destination and incident of a webhook. */
export function laneOfMessage(
  laneGroup: LaneGroup,
  message: { readonly routingKey: string; readonly orderKey: string },
): number {
  return laneOf(laneGroup, laneGroup.laneBy === 'routing key' ? message.routingKey : message.orderKey);
}

interface Binding {
  readonly exchange: string;
  readonly key: string;
}

export interface QueueDeclaration {
  readonly queue: string;
  /** Undefined if nothing is published to it. */
  readonly binding: Binding | undefined;
  /** Through which the broker itself publishes to it. */
  readonly brokersBinding?: Binding;
  /** Through which versions before publish to it. */
  readonly formerBinding?: Binding;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/**
 * Nodes that can have a replica of the pulse queue: all of a cluster. With RabbitMQ's default of 3 the pulse could lose its majority
 * in a larger cluster whose lanes keep theirs.
 */
const MAX_NODES = 7;

/** Every exchange of a lane group, with its type. */
export function exchangesOf(laneGroup: LaneGroup): readonly (readonly [name: string, type: 'direct' | 'fanout'])[] {
  return [
    [laneGroup.exchange, 'direct'],
    [parkingExchange(laneGroup), 'direct'],
    [deadLetterExchange(laneGroup), 'direct'],
    [DEAD_LETTER_EXCHANGE, 'direct'],
    [STATUS_EXCHANGE, 'fanout'],
    [REPLY_EXCHANGE, 'direct'],
  ];
}

/** Every queue of a lane group. Each process declares all of them. */
export function queuesOf(laneGroup: LaneGroup, type: QueueType): QueueDeclaration[] {
  const laneArguments = {
    'x-queue-type': type,
    'x-single-active-consumer': true,
    'x-dead-letter-exchange': DEAD_LETTER_EXCHANGE,
    'x-dead-letter-routing-key': laneGroup.deadLetters,
    // Classic queues requeue a message in its original place and have no limit.
    ...(type === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {}),
  };
  const lane = (queue: string, key: string): QueueDeclaration => ({
    queue,
    binding: { exchange: laneGroup.exchange, key },
    arguments: laneArguments,
  });
  const parking = (queue: string, key: string): QueueDeclaration => ({
    queue,
    binding: { exchange: parkingExchange(laneGroup), key },
    formerBinding: { exchange: laneGroup.exchange, key },
    arguments: laneArguments,
  });
  const deadLetters: QueueDeclaration = {
    queue: laneGroup.deadLetters,
    binding: { exchange: deadLetterExchange(laneGroup), key: laneGroup.deadLetters },
    brokersBinding: { exchange: DEAD_LETTER_EXCHANGE, key: laneGroup.deadLetters },
    arguments: {
      'x-queue-type': type,
      ...(type === 'quorum' ? { 'x-delivery-limit': DELIVERY_LIMIT } : {}),
    },
  };
  const pulse: QueueDeclaration = {
    queue: PULSE_QUEUE,
    binding: undefined,
    arguments: { 'x-queue-type': type, ...(type === 'quorum' ? { 'x-quorum-initial-group-size': MAX_NODES } : {}) },
  };
  const lanes = Array.from({ length: laneGroup.lanes }, (_, index) => [
    lane(laneQueue(laneGroup, index), laneKey(index)),
    ...Array.from({ length: laneGroup.sidings }, (_unused, siding) =>
      parking(sidingQueue(laneGroup, index, siding), sidingKey(index, siding)),
    ),
    // Last, because versions before did not have it.
    parking(tableQueue(laneGroup, index), tableKey(index)),
  ]);
  return [deadLetters, pulse, ...lanes.flat()];
}
