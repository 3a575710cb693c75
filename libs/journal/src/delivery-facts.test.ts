import { type Outcome } from '@pdaltagent/delivery';
import { type IncomingMessage, type LaneObserver } from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { DeliveryFacts } from './delivery-facts';
import { type FactContent, type FactGroup } from './fact';
import { MessageReferences } from './message-references';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';
const MESSAGE: IncomingMessage = {
  id: 'e1',
  type: 'v2',
  routingKey: KEY,
  orderKey: `${KEY}:web9/cpu`,
  action: 'trigger',
  body: Buffer.from('{"payload":{"summary":"Jane Doe"}}'),
  contentType: 'application/json',
  forward: {},
  maybeDuplicate: false,
  receivedAt: 1_000,
};
const REFERENCE = {
  group: 'events',
  id: 'e1',
  type: 'v2',
  action: 'trigger',
  key: '…d1a6',
  digest: 'digest',
  alert: 'web9/cpu',
  accepted: 1_000,
};
const SHOWN_KEY = { group: 'events', key: '…d1a6', digest: 'digest' };
const REFUSAL = '{"status":"invalid event","message":"Event object is invalid","errors":["\'payload\' is missing"]}';
const REFUSED = "Event object is invalid: 'payload' is missing";

/** A worker's observer, the facts that it recorded, and the calls that the observer within it got. */
function harness({ text = 'full', group = 'events' }: { text?: JournalText; group?: FactGroup } = {}) {
  const recorded: FactContent[] = [];
  const inner: string[] = [];
  const called = (name: string) => () => void inner.push(name);
  const facts = new DeliveryFacts({
    recorder: { record: (content) => void recorded.push(content) },
    references: new MessageReferences(() => 'digest', text),
    group,
    text,
  });
  const observer = facts.observe({
    onAttempted: called('onAttempted'),
    onInterrupted: called('onInterrupted'),
    onDelivered: called('onDelivered'),
    onAcknowledged: called('onAcknowledged'),
    onDuplicateDropped: called('onDuplicateDropped'),
    onDeadLettered: called('onDeadLettered'),
    onUnreadable: called('onUnreadable'),
    onChange: called('onChange'),
  });
  return { observer, recorded, inner };
}

const attempt = { number: 2, ms: 12.6 };

it('a delivery is one fact, with the number of the attempt, its status and its duration', () => {
  const { observer, recorded } = harness();
  observer.onAttempted(MESSAGE, { kind: 'delivered', status: 202 }, attempt);
  observer.onDelivered(MESSAGE);
  observer.onAcknowledged?.(MESSAGE);
  expect(recorded).toStrictEqual([{ ...REFERENCE, kind: 'delivered', attempt: 2, status: 202, ms: 13 }]);
});

it.each<readonly [Outcome, object]>([
  [
    { kind: 'throttled', status: 429, retryAfterMs: 5 },
    { outcome: 'throttled', status: 429 },
  ],
  [
    { kind: 'rejected', status: 400, response: REFUSAL },
    { outcome: 'rejected', status: 400, answer: REFUSED },
  ],
  [
    {
      kind: 'failed',
      reason: 'server-error',
      scope: 'destination',
      status: 503,
      detail: '<html>Jane Doe</html>',
      retryAfterMs: undefined,
    },
    { outcome: 'failed', reason: 'server-error', status: 503 },
  ],
  [
    {
      kind: 'failed',
      reason: 'refused',
      scope: 'destination',
      status: undefined,
      detail: 'connect ECONNREFUSED 127.0.0.1:1',
      retryAfterMs: undefined,
    },
    { outcome: 'failed', reason: 'refused' },
  ],
  [{ kind: 'error', status: undefined, detail: 'Jane Doe is undefined' }, { outcome: 'error' }],
])('an attempt that did not deliver (%j) is recorded as %j', (outcome, fact) => {
  const { observer, recorded } = harness();
  observer.onAttempted(MESSAGE, outcome, attempt);
  expect(recorded).toStrictEqual([{ ...REFERENCE, kind: 'attempted', attempt: 2, ms: 13, ...fact }]);
});

it('an interrupted attempt, a repeat and a dead letter are recorded', () => {
  const { observer, recorded } = harness();
  observer.onInterrupted(MESSAGE, attempt);
  observer.onDuplicateDropped(MESSAGE);
  observer.onDeadLettered('rejected', MESSAGE, { reason: 'rejected', status: 400, response: REFUSAL });
  observer.onDeadLettered('expired', MESSAGE, { reason: 'expired', status: undefined, response: 'Jane Doe' });
  expect(recorded).toStrictEqual([
    { ...REFERENCE, kind: 'attempted', attempt: 2, outcome: 'interrupted', ms: 13 },
    { ...REFERENCE, kind: 'repeated' },
    { ...REFERENCE, kind: 'dead-lettered', reason: 'rejected', status: 400, answer: REFUSED },
    { ...REFERENCE, kind: 'dead-lettered', reason: 'expired' },
  ]);
});

it('answers are left out unless the journal is to have all texts', () => {
  for (const options of [{ text: 'keys' }, { text: 'none' }, { group: 'webhooks' }] as const) {
    const { observer, recorded } = harness(options);
    observer.onAttempted(MESSAGE, { kind: 'rejected', status: 400, response: REFUSAL }, attempt);
    observer.onDeadLettered('rejected', MESSAGE, { reason: 'rejected', status: 400, response: REFUSAL });
    expect(recorded).toHaveLength(2);
    for (const fact of recorded) expect(fact).not.toHaveProperty('answer');
  }
});

it('a message of a newer version that became a dead letter is quarantined', () => {
  const { observer, recorded } = harness();
  const problem = 'message version 2 of a newer version of PDaltagent';
  observer.onUnreadable?.({ kind: 'newer', problem, message: MESSAGE });
  expect(recorded).toStrictEqual([{ ...REFERENCE, kind: 'quarantined', problem }]);
});

it('nothing is recorded of a message that nobody can name', () => {
  const { observer, recorded } = harness();
  observer.onUnreadable?.({ kind: 'unrecognized', problem: 'type is missing' });
  observer.onUnreadable?.({ kind: 'newer', problem: 'newer', message: undefined });
  observer.onUnreadable?.({ kind: 'newer', problem: 'newer', message: { ...MESSAGE, type: 'v3' } });
  observer.onDeadLettered('foreign');
  expect(recorded).toEqual([]);
});

it('changes of lanes, keys and the destination are recorded', () => {
  const { observer, recorded } = harness();
  observer.onChange?.({ kind: 'lane-taken', lane: 3 });
  observer.onChange?.({ kind: 'key-parked', routingKey: KEY, lane: 3, siding: 1 });
  observer.onChange?.({ kind: 'key-returned', routingKey: KEY, lane: 3 });
  observer.onChange?.({ kind: 'lane-released', lane: 3 });
  observer.onChange?.({ kind: 'key-throttled', routingKey: KEY });
  observer.onChange?.({
    kind: 'circuit-opened',
    destination: 'PagerDuty',
    outcome: { kind: 'delivered', status: 202 },
  });
  observer.onChange?.({ kind: 'circuit-closed', destination: 'PagerDuty' });
  observer.onChange?.({ kind: 'key-recovered', routingKey: KEY });
  expect(recorded).toStrictEqual([
    { kind: 'lane-taken', group: 'events', lane: 3 },
    { ...SHOWN_KEY, kind: 'key-parked', lane: 3, siding: 1 },
    { ...SHOWN_KEY, kind: 'key-returned', lane: 3 },
    { kind: 'lane-released', group: 'events', lane: 3 },
    { ...SHOWN_KEY, kind: 'key-throttled' },
    { kind: 'circuit', group: 'events', state: 'open' },
    { kind: 'circuit', group: 'events', state: 'closed' },
  ]);
});

it('of webhooks it is known which destination is unreachable', () => {
  const { observer, recorded } = harness({ group: 'webhooks' });
  observer.onChange?.({ kind: 'circuit-closed', destination: 'chat' });
  expect(recorded).toStrictEqual([{ kind: 'circuit', group: 'webhooks', state: 'closed', destination: 'chat' }]);
});

it('the observer within is called as before', () => {
  const { observer, inner } = harness();
  const calls: readonly (keyof LaneObserver)[] = [
    'onAttempted',
    'onInterrupted',
    'onDelivered',
    'onAcknowledged',
    'onDuplicateDropped',
    'onDeadLettered',
    'onUnreadable',
    'onChange',
  ];
  observer.onAttempted(MESSAGE, { kind: 'delivered', status: 202 }, attempt);
  observer.onInterrupted(MESSAGE, attempt);
  observer.onDelivered(MESSAGE);
  observer.onAcknowledged?.(MESSAGE);
  observer.onDuplicateDropped(MESSAGE);
  observer.onDeadLettered('foreign');
  observer.onUnreadable?.({ kind: 'unrecognized', problem: 'type is missing' });
  observer.onChange?.({ kind: 'lane-taken', lane: 0 });
  expect(inner).toEqual(calls);
});
