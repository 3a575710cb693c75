import { connectToBroker } from '@pdaltagent/testing';
import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Outcome } from '@pdaltagent/delivery';
import { type DeliveredMarkers } from './delivery-records';
import { LaneClaim, type LaneClaimOptions, type LaneClaims } from './lane-claim';
import { type LaneChannelOptions } from './lane-channel';
import { LaneWorker } from './lane-worker';
import { MemoryBudget } from './memory-budget';
import { type LaneWorkerOptions } from './lane-worker-options';
import { type IncomingMessage, type OutgoingMessage, toProperties } from './message';
import { EVENTS, laneKey, type LaneGroup, laneOfMessage } from './topology';

/** With windows that a test can fill with few events. */
export const LANES: LaneGroup = { ...EVENTS, prefetch: EVENTS.formerPrefetch };

export const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

export const DELIVERED: Outcome = { kind: 'delivered', status: 202 };
export const REJECTED: Outcome = { kind: 'rejected', status: 400, response: '{}' };
export const THROTTLED: Outcome = { kind: 'throttled', status: 429, retryAfterMs: 1_000 };
/** PagerDuty answers 503, whatever the key. */
export const UNAVAILABLE: Outcome = {
  kind: 'failed',
  reason: 'server-error',
  scope: 'destination',
  status: 503,
  detail: '503',
  retryAfterMs: undefined,
};

/** The n-th event of an alert. */
export function event(alert: string, sequence: number, routingKey = KEY): OutgoingMessage {
  return {
    id: `${routingKey.slice(-4)}/${alert}/${sequence}`,
    type: 'v2',
    routingKey,
    orderKey: `${routingKey}:${alert}`,
    body: Buffer.from('{}'),
    contentType: 'application/json',
    receivedAt: Date.now(),
  };
}

/** Markers of delivered messages, shared by several workers. */
export class Markers implements DeliveredMarkers {
  readonly #ids = new Set<string>();

  has(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(ids.filter((id) => this.#ids.has(id))));
  }

  mark(id: string): Promise<void> {
    this.#ids.add(id);
    return Promise.resolve();
  }
}

/** Claims of lanes, shared by several workers. */
export class Claims implements LaneClaims {
  readonly #claims = new Map<string, string>();

  claim(lane: string, claim: string): Promise<string | undefined> {
    const former = this.#claims.get(lane);
    this.#claims.set(lane, claim);
    return Promise.resolve(former);
  }

  read(lanes: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map([...this.#claims].filter(([lane]) => lanes.includes(lane))));
  }

  withdraw(lane: string, claim: string): Promise<void> {
    if (this.#claims.get(lane) === claim) this.#claims.delete(lane);
    return Promise.resolve();
  }
}

/** A worker's first claim of a lane. */
export function claimOf(
  lane: string,
  { claims = new Claims(), onLost = () => undefined }: Partial<LaneClaimOptions> = {},
) {
  return new LaneClaim({ lane, worker: 'test', term: 1, begun: new Map(), claims, clock: SYSTEM_CLOCK, onLost });
}

/** For queues that answer. */
export function channelOptions(claim = claimOf('a lane'), clock: Clock = SYSTEM_CLOCK): LaneChannelOptions {
  const memory = new MemoryBudget(Infinity, clock, () => undefined);
  return { claim, scout: { whenAnswered: () => Promise.resolve() }, memory, clock };
}

/** How long a worker may take to declare its queues and take its lanes: seconds usually, a minute and more on a busy machine. */
export const START_MS = 150_000;

/** A worker with its log lines and everything that it attempted and delivered, in order. */
export class TestWorker {
  readonly delivered: IncomingMessage[] = [];
  readonly attempted: IncomingMessage[] = [];
  readonly lines: string[] = [];
  readonly worker: LaneWorker;

  constructor(
    url: string,
    respond: (message: IncomingMessage, signal: AbortSignal) => Outcome | Promise<Outcome>,
    options: Partial<LaneWorkerOptions> = {},
  ) {
    const say = (message: string) => void this.lines.push(message);
    this.worker = new LaneWorker({
      url,
      name: 'test worker',
      laneGroup: LANES,
      queueType: 'quorum',
      concurrency: 128,
      maximumAgeMs: 86_400_000,
      poisonAfterMs: 3_600_000,
      deliver: async (message, signal) => {
        this.attempted.push(message);
        const outcome = await respond(message, signal);
        if (outcome.kind === 'delivered') this.delivered.push(message);
        return outcome;
      },
      markers: new Markers(),
      claims: new Claims(),
      observer: {
        onAttempted: () => undefined,
        onInterrupted: () => undefined,
        onDelivered: () => undefined,
        onDuplicateDropped: () => undefined,
        onDeadLettered: () => undefined,
      },
      log: { info: say, warn: say, error: say },
      ...options,
    });
    this.worker.start();
  }

  logged(text: string): boolean {
    return this.lines.some((line) => line.startsWith(text));
  }
}

/** A message and the routing key of the queue to which it goes. */
export type Placed = readonly [routingKey: string, message: OutgoingMessage];

/** Publishes messages to queues of the events, in order; resolves once all are confirmed. */
export async function place(url: string, placed: readonly Placed[]): Promise<void> {
  const connection = await connectToBroker(url);
  const blocked = new Promise<never>((_resolve, reject) =>
    connection.once('blocked', () => reject(new Error('the broker blocks publishing'))),
  );
  blocked.catch(() => undefined);
  const channel = await connection.createConfirmChannel();
  for (const [index, [routingKey, message]] of placed.entries()) {
    channel.publish(EVENTS.exchange, routingKey, message.body, { ...toProperties(message), mandatory: true });
    if (index % 100 === 99) await Promise.race([channel.waitForConfirms(), blocked]);
  }
  await Promise.race([channel.waitForConfirms(), blocked]);
  await connection.close();
}

/** Publishes messages to their lanes, in order. */
export function publish(url: string, messages: readonly OutgoingMessage[]): Promise<void> {
  return place(
    url,
    messages.map((message) => [laneKey(laneOfMessage(EVENTS, message)), message]),
  );
}

/** The sequence numbers of each alert, in the order of delivery. */
export function sequences(messages: readonly IncomingMessage[]): Map<string, number[]> {
  const byAlert = new Map<string, number[]>();
  for (const { id, orderKey } of messages) {
    const known = byAlert.get(orderKey) ?? [];
    known.push(Number(id.split('/')[2]));
    byAlert.set(orderKey, known);
  }
  return byAlert;
}
