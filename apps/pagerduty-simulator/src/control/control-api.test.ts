import { isObject } from '../events/json';
import { objects, OTHER_KEY, type Running, startSimulator, stopSimulators, TOKEN, until } from '../simulator.fixture';

let simulator: Running;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(stopSimulators);

describe('The list of received events', () => {
  const keys = async (query: string) => (await simulator.arrivals(query)).map(({ dedupKey }) => dedupKey);
  beforeEach(async () => {
    await simulator.event('trigger', 'a');
    await simulator.event('trigger', 'b', { routing_key: OTHER_KEY });
    await simulator.event('resolve', 'a');
    await simulator.event('nonsense', 'c');
  });

  test.each([
    [`routingKey=${OTHER_KEY}`, ['b']],
    ['dedupKey=a', ['a', 'a']],
    ['action=resolve', ['a']],
    ['api=v1', []],
    ['path=/v2/enqueue', ['a', 'b', 'a', 'c']],
    ['status=400', ['c']],
    ['accepted=true', ['a', 'b', 'a']],
    ['after=2', ['a', 'c']],
    ['offset=1&limit=2', ['b', 'a']],
  ])('is filtered by %s', async (query, expected) => {
    expect(await keys(query)).toEqual(expected);
  });

  test('has the total and whether there are more pages', async () => {
    expect((await simulator.get('/_control/events?limit=3')).body).toMatchObject({ total: 4, more: true });
    expect((await simulator.get('/_control/events?offset=3')).body).toMatchObject({ total: 4, more: false });
  });

  test('has bodies as text, as base64 or not at all', async () => {
    const [text] = await simulator.arrivals();
    const [base64] = await simulator.arrivals('body=base64');
    const [none] = await simulator.arrivals('body=none');
    expect(Buffer.from(String(base64?.bodyBase64), 'base64').toString()).toBe(text?.body);
    expect([none?.body, none?.bodyBase64]).toEqual([undefined, undefined]);
  });

  test('streams JSON lines', async () => {
    const response = await fetch(`${simulator.url}/_control/events?format=ndjson`);
    const lines = (await response.text()).trimEnd().split('\n');
    const parsed = objects(lines.map((line): unknown => JSON.parse(line)));
    expect(parsed.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });

  test('rejects an unknown query parameter', async () => {
    const response = await simulator.get('/_control/events?acepted=true&limit=x');
    expect(response.status).toBe(400);
    expect(JSON.stringify(response.body)).toContain('acepted');
    expect(JSON.stringify(response.body)).toContain('limit');
  });

  test('waits for a number of events', async () => {
    const waiting = simulator.get('/_control/events?waitFor=5');
    await simulator.event('resolve', 'b');
    expect((await waiting).body).toMatchObject({ total: 5 });
    expect((await simulator.get('/_control/events?waitFor=9&timeoutMs=1')).body).toMatchObject({ total: 5 });
  });
});

describe('A reset', () => {
  beforeEach(async () => {
    await simulator.event('trigger', 'a');
    await simulator.fault({ effect: { kind: 'status', status: 500 } });
    await simulator.send('PATCH', '/_control/settings', { restPerMinute: 5 });
  });

  test('of the records keeps faults and settings', async () => {
    await simulator.send('DELETE', '/_control/events');
    expect((await simulator.get('/_control/stats')).body).toMatchObject({
      events: { received: 0 },
      recorded: 0,
      incidents: { kept: 0, open: 0 },
      logEntries: 0,
      faults: 1,
    });
    expect((await simulator.get('/_control/settings')).body).toMatchObject({ restPerMinute: 5 });
  });

  test('of everything removes them too', async () => {
    await simulator.send('POST', '/_control/reset');
    expect((await simulator.get('/_control/stats')).body).toMatchObject({ recorded: 0, faults: 0 });
    expect((await simulator.get('/_control/settings')).body).toMatchObject({ restPerMinute: 960 });
  });
});

describe('PagerDuty down', () => {
  const refused = () =>
    simulator.event('trigger', 'a').then(
      () => false,
      (error: unknown) => isObject(error) && isObject(error.cause) && error.cause.code === 'ECONNREFUSED',
    );

  test('with refuse closes the port, and comes back on the same port', async () => {
    await simulator.event('trigger', 'before');
    expect((await simulator.send('POST', '/_control/down', { forMs: 3_000 })).status).toBe(202);
    await until(refused);
    await until(async () => !(await refused()));
    expect((await simulator.arrivals())[0]).toMatchObject({ dedupKey: 'before' });
  });

  test('with reset resets every connection except those to the control API, until it is ended', async () => {
    await simulator.send('POST', '/_control/down', { mode: 'reset' });
    await expect(simulator.event('trigger', 'a')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    await expect(simulator.get('/log_entries', TOKEN)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect((await simulator.send('DELETE', '/_control/down')).status).toBe(200);
    expect((await simulator.event('trigger', 'a')).status).toBe(202);
    expect(await simulator.arrivals()).toHaveLength(1);
  });

  test('with refuse requires forMs', async () => {
    expect((await simulator.send('POST', '/_control/down', {})).status).toBe(400);
  });
});

describe('Memory', () => {
  test('is saved without bodies: only digest and length are kept', async () => {
    const spare = await startSimulator({ keepBodies: false });
    await spare.post('/v2/enqueue', 'abc');
    const [event] = await spare.arrivals();
    expect(event).toMatchObject({
      bodyBytes: 3,
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(Object.keys(event ?? {})).not.toContain('body');
  });

  test('is limited to the newest records', async () => {
    const small = await startSimulator({ maximumRecords: 10 });
    for (let count = 0; count < 25; count += 1) await small.event('trigger', `k${count}`);
    expect((await small.get('/_control/stats')).body).toMatchObject({ recorded: 25, kept: 10, logEntries: 10 });
    expect((await small.arrivals()).at(-1)).toMatchObject({ sequence: 25, dedupKey: 'k24' });
  });
});

test.each([
  ['PATCH', '/_control/settings', { restPerMinut: 1 }],
  ['PATCH', '/_control/settings', { clockSkewMs: 'a' }],
  ['POST', '/_control/log_entries', { createdAt: 'yesterday' }],
  ['POST', '/_control/down', { mode: 'sleep' }],
])('%s %s rejects an invalid body: %j', async (method, path, body) => {
  const response = await simulator.send(method, path, body);
  expect(response.status).toBe(400);
  expect(JSON.stringify(response.body)).toContain(Object.keys(body)[0]);
});

test('an unknown route and a body that is not JSON are reported', async () => {
  expect((await simulator.get('/_control/nothing')).status).toBe(404);
  const response = await simulator.post('/_control/faults', '{');
  expect([response.status, response.body]).toEqual([400, { problems: ['body: is not JSON'] }]);
});
