import {
  KEY,
  objects,
  OTHER_KEY,
  type Running,
  startSimulator,
  stopSimulators,
  TOKEN,
  until,
  v2,
} from '../simulator.fixture';

let simulator: Running;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(stopSimulators);

const recorded = async () =>
  (await simulator.arrivals()).map(({ dedupKey, action }) => `${String(dedupKey)} ${String(action)}`);
const raw = (signal?: AbortSignal) =>
  fetch(`${simulator.url}/v2/enqueue`, {
    method: 'POST',
    body: JSON.stringify(v2('trigger', 'a')),
    ...(signal ? { signal } : {}),
  });

describe('An effect', () => {
  test('hold delays the response until the rule is removed', async () => {
    await simulator.fault({ id: 'gate', effect: { kind: 'hold' } });
    let hasResponded = false;
    const response = simulator.event('trigger', 'disk').then(({ status }) => {
      hasResponded = true;
      return status;
    });
    await until(async () => (await simulator.arrivals()).length === 1);
    expect(hasResponded).toBe(false);
    await simulator.send('DELETE', '/_control/faults/gate');
    expect(await response).toBe(202);
  });

  test('hold creates a REST response after the rule is removed', async () => {
    await simulator.fault({ id: 'gate', match: { path: '/log_entries' }, effect: { kind: 'hold' } });
    const response = simulator.get('/log_entries', TOKEN);
    await until(async () => {
      const { body } = await simulator.send('GET', '/_control/faults');
      return objects(body.faults)[0]?.hits === 1;
    });
    await simulator.event('trigger', 'disk');
    await simulator.send('DELETE', '/_control/faults');
    expect(objects((await response).body.log_entries)).toHaveLength(1);
  });

  test('latency delays the response', async () => {
    await simulator.fault({ effect: { kind: 'latency', ms: 60 } });
    await simulator.event('trigger', 'a');
    const [event] = await simulator.arrivals();
    expect(Number(event?.answeredAt) - Number(event?.receivedAt)).toBeGreaterThanOrEqual(59);
    expect(event).toMatchObject({ accepted: true, status: 202, fault: 'fault-1' });
  });

  test('status answers with status, Retry-After and body, and does not accept the event', async () => {
    await simulator.fault({ id: 'busy', effect: { kind: 'status', status: 429, retryAfter: 3 }, times: 1 });
    await simulator.fault({
      effect: { kind: 'status', status: 503, headers: { 'x-cause': 'test' }, body: 'no JSON' },
    });
    const busy = await simulator.event('trigger', 'a');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '3']);
    expect(busy.body).toMatchObject({ status: 'throttle exceeded' });
    const unavailable = await raw();
    expect([unavailable.status, unavailable.headers.get('retry-after'), unavailable.headers.get('x-cause')]).toEqual([
      503,
      null,
      'test',
    ]);
    expect(await unavailable.text()).toBe('no JSON');
    const { body } = await simulator.get('/_control/stats');
    expect(body).toMatchObject({ events: { received: 2, accepted: 0 }, incidents: { open: 0 } });
  });

  test('reset closes the connection and does not accept the event', async () => {
    await simulator.fault({ effect: { kind: 'reset' } });
    await expect(raw()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await simulator.arrivals()).toMatchObject([{ accepted: false, status: null, answeredAt: null }]);
  });

  test('hang never answers and does not accept the event', async () => {
    await simulator.fault({ effect: { kind: 'hang' } });
    const giveUp = new AbortController();
    const attempt = raw(giveUp.signal);
    const { body } = await simulator.get('/_control/events?waitFor=1');
    giveUp.abort();
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
    expect(body).toMatchObject({ events: [{ accepted: false, status: null }] });
  });

  test('lose-answer accepts the event and closes the connection', async () => {
    await simulator.fault({ effect: { kind: 'lose-answer' } });
    await expect(raw()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await simulator.arrivals()).toMatchObject([{ accepted: true, status: null, alert: 'opened' }]);
  });

  test('cut-answer accepts the event and sends half of the response', async () => {
    await simulator.fault({ effect: { kind: 'cut-answer' } });
    const response = await raw();
    expect(response.status).toBe(202);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(await simulator.arrivals()).toMatchObject([{ accepted: true, status: 202 }]);
  });

  test('swallow answers 202 and records nothing', async () => {
    await simulator.fault({ match: { dedupKey: 'a' }, effect: { kind: 'swallow' }, times: 1 });
    expect((await simulator.event('trigger', 'a')).status).toBe(202);
    await simulator.event('resolve', 'a');
    expect(await recorded()).toEqual(['a resolve']);
    expect(await simulator.arrivals()).toMatchObject([{ alert: 'dropped' }]);
  });

  test('double records one event twice', async () => {
    await simulator.fault({ match: { action: 'resolve' }, effect: { kind: 'double' }, times: 1 });
    await simulator.event('trigger', 'a');
    await simulator.event('resolve', 'a');
    expect(await recorded()).toEqual(['a trigger', 'a resolve', 'a resolve']);
  });

  test('swap swaps two consecutive records of an alert and keeps the others in place', async () => {
    await simulator.fault({ match: { dedupKey: 'a', action: 'trigger' }, effect: { kind: 'swap' }, times: 1 });
    await simulator.event('trigger', 'a');
    await simulator.event('trigger', 'b');
    await simulator.event('resolve', 'a');
    await simulator.event('resolve', 'b');
    expect(await recorded()).toEqual(['a resolve', 'b trigger', 'a trigger', 'b resolve']);
    expect((await simulator.arrivals()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });
});

describe('A rule', () => {
  const status = { kind: 'status', status: 500 };
  const statuses = async (...keys: string[]) => {
    const responses = [];
    for (const key of keys) responses.push((await simulator.event('trigger', key)).status);
    return responses;
  };

  test.each([
    [{ routingKey: OTHER_KEY }, 202],
    [{ routingKey: KEY }, 500],
    [{ dedupKey: 'cpu-1' }, 500],
    [{ dedupKey: 'cpu-*' }, 500],
    [{ dedupKey: 'cpu' }, 202],
    [{ action: 'resolve' }, 202],
    [{ path: '/v2/*' }, 500],
    [{ path: '/x-ere/*' }, 202],
    [{ routingKey: KEY, action: 'resolve' }, 202],
  ])('affects what it matches: %j', async (match, expected) => {
    await simulator.fault({ match, effect: status });
    expect(await statuses('cpu-1')).toEqual([expected]);
  });

  test('with times affects a number of requests, with skip after a number of others', async () => {
    await simulator.fault({ effect: status, skip: 1, times: 2 });
    expect(await statuses('a', 'b', 'c', 'd')).toEqual([202, 500, 500, 202]);
    const { body } = await simulator.get('/_control/faults');
    expect(body).toMatchObject({ faults: [{ id: 'fault-1', hits: 2 }] });
  });

  test('with forMs expires', async () => {
    await simulator.fault({ effect: status, forMs: 0 });
    expect(await statuses('a')).toEqual([202]);
  });

  test('with a probability and a seed affects the same requests each time', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    await simulator.fault({ id: 'dice', effect: status, probability: 0.3, seed: 7 });
    const first = await statuses(...keys);
    await simulator.fault({ id: 'dice', effect: status, probability: 0.3, seed: 7 });
    expect(await statuses(...keys)).toEqual(first);
    const hits = first.filter((code) => code === 500).length;
    expect(hits).toBeGreaterThan(3);
    expect(hits).toBeLessThan(25);
  });

  test('is replaced by one with the same id, and can be removed alone or with all', async () => {
    await simulator.fault({ id: 'one', effect: status });
    await simulator.fault({ id: 'one', effect: { kind: 'status', status: 502 } });
    expect(await statuses('a')).toEqual([502]);
    expect((await simulator.send('DELETE', '/_control/faults/one')).status).toBe(200);
    expect((await simulator.send('DELETE', '/_control/faults/one')).status).toBe(404);
    await simulator.fault({ effect: status });
    await simulator.send('DELETE', '/_control/faults');
    expect(await statuses('a')).toEqual([202]);
  });

  test('combines the delay of one with the status of another', async () => {
    await simulator.fault({ effect: { kind: 'latency', ms: 30, jitterMs: 10 } });
    await simulator.fault({ effect: status });
    expect(await statuses('a')).toEqual([500]);
    const [event] = await simulator.arrivals();
    expect(Number(event?.answeredAt) - Number(event?.receivedAt)).toBeGreaterThanOrEqual(29);
  });

  test('can match a page of the REST API by its query', async () => {
    await simulator.fault({
      match: { path: '/log_entries', query: 'offset=100' },
      effect: { kind: 'status', status: 500 },
    });
    expect((await simulator.get('/log_entries?offset=0', TOKEN)).status).toBe(200);
    const failed = await simulator.get('/log_entries?offset=100', TOKEN);
    expect(failed.status).toBe(500);
    expect(failed.body).toEqual({ error: { message: 'A scripted response', code: 2000 } });
  });

  test.each([
    [{}, 'effect'],
    [{ effect: { kind: 'explode' } }, 'effect.kind'],
    [{ effect: { kind: 'status', status: 99 } }, 'effect.status'],
    [{ effect: { kind: 'reset' }, tims: 1 }, 'tims'],
    [{ effect: { kind: 'reset' }, match: { key: 'a' } }, 'key'],
  ])('that is invalid is rejected with a reason: %j', async (rule, named) => {
    const response = await simulator.send('POST', '/_control/faults', rule);
    expect(response.status).toBe(400);
    expect(JSON.stringify(response.body)).toContain(named);
  });
});
