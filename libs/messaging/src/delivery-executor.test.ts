import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Outcome } from '@pdaltagent/delivery';
import { DeadLetterPublisher } from './dead-letter-publisher';
import { DeliveryRecords } from './delivery-records';
import { DeliveryExecutor } from './delivery-executor';
import { deliveryOf } from './delivery.fixture';
import { LaneChannel, type UnackedMessage } from './lane-channel';
import { channelOptions, claimOf, Claims, DELIVERED, event, Markers } from './lane-worker.fixture';
import { type EndedAttempt, type LaneObserver, type LaneWorkerOptions } from './lane-worker-options';
import { type IncomingMessage } from './message';
import { PublishConnection } from './publish-connection';
import { EVENTS } from './topology';

const nothing = (): void => undefined;
const log = { info: nothing, warn: nothing, error: nothing };

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const OBSERVER: LaneObserver = {
  onAttempted: nothing,
  onInterrupted: nothing,
  onDelivered: nothing,
  onDuplicateDropped: nothing,
  onDeadLettered: nothing,
};

/** An executor whose broker is silent until `recordReply` is called. */
function silent(
  deliver: LaneWorkerOptions['deliver'] = () => Promise.resolve(DELIVERED),
  {
    observer = OBSERVER,
    markers = new Markers(),
    claims = new Claims(),
  }: Partial<Pick<LaneWorkerOptions, 'observer' | 'markers' | 'claims'>> = {},
) {
  const sent: IncomingMessage[] = [];
  const waiting: (() => void)[] = [];
  const pulse = { ownsLanes: false, once: (callback: () => void) => void waiting.push(callback) };
  const connection = new PublishConnection({
    url: 'amqp://127.0.0.1',
    name: 'test',
    laneGroup: EVENTS,
    queueType: 'quorum',
    log,
  });
  const executor = new DeliveryExecutor(
    {
      url: 'amqp://127.0.0.1',
      name: 'test',
      laneGroup: EVENTS,
      queueType: 'quorum',
      concurrency: 64,
      maximumAgeMs: 86_400_000,
      poisonAfterMs: 3_600_000,
      deliver: (message, signal) => {
        sent.push(message);
        return deliver(message, signal);
      },
      markers,
      claims,
      observer,
      log,
    },
    {
      records: new DeliveryRecords(markers, claims, SYSTEM_CLOCK),
      deadLetters: new DeadLetterPublisher(EVENTS, connection, log, {
        onWritten: nothing,
        onUnreadableWritten: nothing,
      }),
      pulse,
    },
  );
  const recordReply = () => {
    pulse.ownsLanes = true;
    for (const callback of waiting.splice(0)) callback();
  };
  return { executor, sent, heard: recordReply };
}

/** A message as consumed from a lane. */
function held(onAcknowledged: () => void = nothing, claim = claimOf('a lane')): UnackedMessage {
  const lane = new LaneChannel(channelOptions(claim), {
    onMessage: nothing,
    onUnreadable: nothing,
    onClosedByBroker: nothing,
    onLost: nothing,
    onSettled: onAcknowledged,
    onAcksLost: () => undefined,
  });
  const message = event('disk', 1);
  return {
    ...message,
    forward: {},
    maybeDuplicate: false,
    lane,
    queue: 'a lane',
    deliveries: new Set([deliveryOf(message.body)]),
    heldSince: 0,
    heldBytes: 0,
  };
}

it('starts the duration of an attempt that waited for the broker when it is sent', async () => {
  const { executor, sent, heard: recordReply } = silent(() => new Promise(() => undefined));
  const message = held();
  executor.dispatcher.add(message);
  await jest.advanceTimersByTimeAsync(4_000);
  expect(sent).toEqual([]);
  const at = Date.now();
  recordReply();
  await jest.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([message]);
  expect(executor.dispatcher.statusOf(message)).toMatchObject({ blockedBy: 'attempt', attempts: 1, lastAttemptAt: at });
});

it('sends nothing for a lane that was lost while the delivered markers were queried', async () => {
  const { executor, sent, heard: recordReply } = silent();
  const message = held();
  recordReply();
  executor.dispatcher.add(message);
  message.lane.lose();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(sent).toEqual([]);
});

it('sends nothing more of a lane that another worker has claimed', async () => {
  const claims = new Claims();
  const lost = jest.fn();
  const claim = claimOf('a lane', { claims, onLost: lost });
  await claim.make(new AbortController().signal);
  const { executor, sent, heard: recordReply } = silent(undefined, { claims });
  recordReply();
  const [first, second] = [held(nothing, claim), { ...held(nothing, claim), id: 'second' }];
  executor.dispatcher.add(first);
  await jest.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([first]);
  await claims.claim('a lane', 'another worker');
  executor.dispatcher.add(second);
  await jest.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([first]);
  expect(lost).toHaveBeenCalledTimes(1);
});

it.each([
  ['rejects', () => Promise.reject(new TypeError('no header name'))],
  [
    'throws',
    () => {
      throw new TypeError('no header name');
    },
  ],
])('treats an attempt that %s as a failure of its message, which is retried', async (_how, deliver) => {
  const { executor, sent, heard: recordReply } = silent(deliver);
  const message = held();
  recordReply();
  executor.dispatcher.add(message);
  await jest.advanceTimersByTimeAsync(0);
  expect(executor.dispatcher.statusOf(message)).toMatchObject({
    blockedBy: 'backoff',
    attempts: 1,
    lastOutcome: 'error',
  });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(sent.length).toBeGreaterThan(1);
  message.lane.lose();
});

it('reports a delivered message as acknowledged after its marker and its ack', async () => {
  const steps: string[] = [];
  const markers = new Markers();
  jest.spyOn(markers, 'mark').mockImplementation(() => Promise.resolve(void steps.push('marker')));
  const observer = {
    ...OBSERVER,
    onDelivered: () => void steps.push('delivered'),
    onAcknowledged: () => void steps.push('acknowledged'),
  };
  const { executor, heard: recordReply } = silent(undefined, { observer, markers });
  recordReply();
  executor.dispatcher.add(held(() => void steps.push('ack')));
  await jest.advanceTimersByTimeAsync(0);
  expect(steps).toEqual(['delivered', 'marker', 'ack', 'acknowledged']);
});

it('reports each attempt with its number and how long it took', async () => {
  const outcomes: readonly [number, Outcome][] = [
    [30, { kind: 'error', status: undefined, detail: 'a bug' }],
    [20, DELIVERED],
  ];
  const left = [...outcomes];
  const attempts: (readonly [string, EndedAttempt])[] = [];
  const observer = {
    ...OBSERVER,
    onAttempted: (_message: IncomingMessage, { kind }: Outcome, attempt: EndedAttempt) =>
      void attempts.push([kind, attempt]),
  };
  const { executor, heard: recordReply } = silent(
    async () => {
      const [ms, outcome] = left.shift() ?? [0, DELIVERED];
      await new Promise((resolve) => setTimeout(resolve, ms));
      return outcome;
    },
    { observer },
  );
  recordReply();
  executor.dispatcher.add(held());
  await jest.advanceTimersByTimeAsync(60_000);
  expect(attempts).toEqual([
    ['error', { number: 1, ms: 30 }],
    ['delivered', { number: 2, ms: 20 }],
  ]);
});

it('reports the number of an attempt that delivered although the lane was lost meanwhile', async () => {
  const attempts: EndedAttempt[] = [];
  const observer = {
    ...OBSERVER,
    onAttempted: (_message: IncomingMessage, _outcome: Outcome, attempt: EndedAttempt) => void attempts.push(attempt),
  };
  const message = held();
  const { executor, heard: recordReply } = silent(
    () => {
      executor.dispatcher.forget([message]);
      return Promise.resolve(DELIVERED);
    },
    { observer },
  );
  recordReply();
  executor.dispatcher.add(message);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(attempts).toEqual([{ number: 1, ms: 0 }]);
});
