import { createConnection } from 'node:net';
import { KEY, OTHER_KEY, type Running, startSimulator, stopSimulators, until, v2 } from '../simulator.fixture';

let simulator: Running;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(stopSimulators);

test('every event is recorded in order, with key, action and answer', async () => {
  await simulator.event('trigger', 'a');
  await simulator.event('nonsense', 'b');
  await simulator.post(`/x-ere/${OTHER_KEY}`, JSON.stringify(v2('resolve', 'a')));
  expect(await simulator.arrivals()).toMatchObject([
    { sequence: 1, api: 'v2', routingKey: KEY, dedupKey: 'a', action: 'trigger', accepted: true, status: 202 },
    { sequence: 2, api: 'v2', dedupKey: 'b', action: 'nonsense', accepted: false, status: 400 },
    { sequence: 3, api: 'x-ere', routingKey: OTHER_KEY, dedupKey: 'a', accepted: true, alert: 'dropped' },
  ]);
});

test('bytes and headers of a vendor are stored unchanged', async () => {
  const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x22, 0x0d, 0x0a]);
  const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' };
  await simulator.post(`/integration/${KEY}/enqueue`, bytes, headers);
  const { body } = await simulator.get('/_control/events');
  expect(body).toMatchObject({ events: [{ bodyBase64: bytes.toString('base64'), headers }] });
});

test('an Amazon CloudWatch alarm opens and resolves the alert with its name', async () => {
  const sns = (state: string) => {
    const alarm = { AlarmName: 'unhealthy-hosts', NewStateValue: state };
    return JSON.stringify({ Type: 'Notification', Subject: 'ALARM', Message: JSON.stringify(alarm) });
  };
  for (const state of ['ALARM', 'ALARM', 'OK']) await simulator.post(`/integration/${KEY}/enqueue`, sns(state));
  const subscription = JSON.stringify({ Type: 'SubscriptionConfirmation', SubscribeURL: 'https://example.com' });
  await simulator.post(`/integration/${KEY}/enqueue`, subscription);
  const changes = (await simulator.arrivals()).map(({ alert }) => alert);
  expect(changes).toEqual(['opened', 'repeated', 'resolved', 'none']);
});

test('any other vendor body always opens a new alert', async () => {
  for (const body of ['a=1&b=2', '{"search_name":"Errors"}', '{"search_name":"Errors"}']) {
    expect((await simulator.post(`/integration/${KEY}/enqueue`, body)).status).toBe(202);
  }
  expect((await simulator.arrivals()).map(({ alert }) => alert)).toEqual(['opened', 'opened', 'opened']);
});

test('an incomplete request is counted but not recorded', async () => {
  const { port } = new URL(simulator.url);
  const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
  socket.write('POST /v2/enqueue HTTP/1.1\r\nHost: simulator\r\nContent-Length: 100\r\n\r\n{"half":', () =>
    socket.destroy(),
  );
  await until(async () => {
    const { body } = await simulator.get('/_control/stats');
    return JSON.stringify(body).includes('"cutShort":1');
  });
  expect(await simulator.arrivals()).toEqual([]);
});
