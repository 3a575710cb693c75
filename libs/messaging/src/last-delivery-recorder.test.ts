import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { waitUntil } from '@pdaltagent/testing';
import { type DeliveryRecord, type IncomingMessage, type LaneObserver, LastDeliveryRecorder } from './index';

const KEY = '01234567890123456789012345678901';
const observer: LaneObserver = {
  onAttempted: () => undefined,
  onInterrupted: () => undefined,
  onDelivered: () => undefined,
  onDuplicateDropped: () => undefined,
  onDeadLettered: () => undefined,
};

const digest = (name: string) => `digest of ${name.length} characters`;

const message = (id: string, orderKey: string): IncomingMessage => ({
  id,
  type: 'v2',
  routingKey: KEY,
  orderKey,
  body: Buffer.from('{"event_action":"resolve"}'),
  contentType: 'application/json',
  receivedAt: 5,
  maybeDuplicate: false,
  forward: {},
});

it('records the deliveries of one turn of the event loop together, each for its alert, and none without an alert', async () => {
  const recorded: (readonly DeliveryRecord[])[] = [];
  const record = (deliveries: readonly DeliveryRecord[]) => Promise.resolve(void recorded.push(deliveries));
  const clock = { ...SYSTEM_CLOCK, wall: () => 9 };
  const recorder = new LastDeliveryRecorder({ record }, digest, (key) => `…${key.slice(-4)}`, clock);
  const observing = recorder.observe(observer);
  observing.onAcknowledged?.(message('a', `${KEY}:db1/disk`));
  observing.onAcknowledged?.({ ...message('b', `${KEY}:db2/disk`), originalReceivedAt: 3 });
  observing.onAcknowledged?.(message('change', 'change'));
  observing.onDuplicateDropped(message('c', `${KEY}:db1/disk`));
  await recorder.stop();
  expect(recorded).toEqual([
    [
      expect.objectContaining({
        id: 'a',
        alert: 'db1/disk',
        action: 'resolve',
        key: '…8901',
        acceptedAt: 5,
        deliveredAt: 9,
      }),
      expect.objectContaining({ id: 'b', alert: 'db2/disk', acceptedAt: 3 }),
    ],
  ]);
  expect(JSON.stringify(recorded)).not.toContain(KEY);
});

it('does not look into a body until its message is acknowledged and the acks of that turn are made', async () => {
  let looks = 0;
  const body = Buffer.from('{"event_action":"trigger"}');
  const delivered = Object.defineProperty(message('a', `${KEY}:a`), 'body', {
    get: () => {
      looks += 1;
      return body;
    },
  });
  const recorded: DeliveryRecord[] = [];
  const record = (deliveries: readonly DeliveryRecord[]) => Promise.resolve(void recorded.push(...deliveries));
  const recorder = new LastDeliveryRecorder({ record }, digest, (key) => key);
  const observing = recorder.observe(observer);
  observing.onDelivered(delivered);
  await recorder.stop();
  expect(recorded).toEqual([]);
  observing.onAcknowledged?.(delivered);
  expect(looks).toBe(0);
  await recorder.stop();
  expect(recorded).toEqual([expect.objectContaining({ id: 'a', action: 'trigger' })]);
});

it('does not parse a large body: its action is unknown, unless the message states it', async () => {
  const recorded: DeliveryRecord[] = [];
  const record = (deliveries: readonly DeliveryRecord[]) => Promise.resolve(void recorded.push(...deliveries));
  const recorder = new LastDeliveryRecorder({ record }, digest, (key) => key);
  const observing = recorder.observe(observer);
  for (const size of [1_000, 16_385]) {
    const start = '{"event_action":"resolve","text":"';
    const body = Buffer.from(`${start}${'x'.repeat(size - start.length - 2)}"}`);
    observing.onAcknowledged?.({ ...message(`${body.length} bytes`, `${KEY}:${size}`), body });
    if (size > 1_000) observing.onAcknowledged?.({ ...message('stated', `${KEY}:stated`), body, action: 'resolve' });
  }
  await recorder.stop();
  expect(recorded.map(({ id, action }) => [id, action])).toEqual([
    ['1000 bytes', 'resolve'],
    ['16385 bytes', '?'],
    ['stated', 'resolve'],
  ]);
});

it('continues recording after Redis was unreachable', async () => {
  let attempts = 0;
  const record = () => (++attempts === 1 ? Promise.reject(new Error('unreachable')) : Promise.resolve());
  const recorder = new LastDeliveryRecorder({ record }, digest, (key) => key);
  const observing = recorder.observe(observer);
  observing.onAcknowledged?.(message('a', `${KEY}:a`));
  await recorder.stop();
  observing.onAcknowledged?.(message('b', `${KEY}:b`));
  await waitUntil(() => attempts === 2, { what: 'the second delivery to be recorded' });
});
