import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { waitUntil } from '@pdaltagent/testing';
import { type DeliveryRecord, type IncomingMessage, type LaneObserver, LastDeliveryRecorder } from './index';

const KEY = '01234567890123456789012345678901';
const observer: LaneObserver = {
  attempted: () => undefined,
  interrupted: () => undefined,
  delivered: () => undefined,
  duplicateDropped: () => undefined,
  deadLettered: () => undefined,
};

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
  const recorder = new LastDeliveryRecorder({ record }, (key) => `…${key.slice(-4)}`, clock);
  const observing = recorder.observe(observer);
  observing.delivered(message('a', `${KEY}:db1/disk`));
  observing.delivered({ ...message('b', `${KEY}:db2/disk`), originalReceivedAt: 3 });
  observing.delivered(message('change', 'change'));
  observing.duplicateDropped(message('c', `${KEY}:db1/disk`));
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

it('continues recording after Redis was unreachable', async () => {
  let attempts = 0;
  const record = () => (++attempts === 1 ? Promise.reject(new Error('unreachable')) : Promise.resolve());
  const recorder = new LastDeliveryRecorder({ record }, (key) => key);
  const observing = recorder.observe(observer);
  observing.delivered(message('a', `${KEY}:a`));
  await recorder.stop();
  observing.delivered(message('b', `${KEY}:b`));
  await waitUntil(() => attempts === 2, { what: 'the second delivery to be recorded' });
});
