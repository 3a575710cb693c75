import { type Running, startSimulator, stopSimulators, TOKEN } from '../simulator.fixture';

afterEach(stopSimulators);

describe('The token', () => {
  test.each([
    [undefined, 401],
    ['Token token=', 401],
    ['Basic abc', 401],
    ['y_NbAkKc66ryYTWUXYEu', 401],
    ['Token token=y_NbAkKc66ryYTWUXYEu', 200],
    ['Bearer pdus+_0XBPWQQ_7a4c', 200],
  ])('must have PagerDuty’s format: %s', async (authorization, status) => {
    const simulator = await startSimulator();
    const response = await simulator.get('/log_entries', authorization === undefined ? {} : { authorization });
    expect(response.status).toBe(status);
    if (status === 401) expect(response.body).toEqual({ error: { message: 'Unauthorized', code: 2006 } });
  });

  test('must be the configured one, if there is one', async () => {
    const simulator = await startSimulator({ apiToken: 'right' });
    expect((await simulator.get('/abilities', { authorization: 'Token token=wrong' })).status).toBe(401);
    expect((await simulator.get('/abilities', { authorization: 'Token token=right' })).status).toBe(200);
  });
});

test('The Date of a response follows PagerDuty’s clock', async () => {
  const simulator = await startSimulator();
  await simulator.send('PATCH', '/_control/settings', { clockSkewMs: 3_600_000 });
  const { headers } = await simulator.get('/abilities', TOKEN);
  expect(Date.parse(headers.get('date') ?? '') - Date.now()).toBeGreaterThan(3_600_000 - 60_000);
});

describe('The rate limit', () => {
  let simulator: Running;
  beforeEach(async () => {
    simulator = await startSimulator();
  });

  test('is 960 a minute and reported in headers', async () => {
    const { headers } = await simulator.get('/users/me', TOKEN);
    expect(headers.get('ratelimit-limit')).toBe('960');
    expect(headers.get('ratelimit-remaining')).toBe('959');
    expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0);
  });

  test('applies per token: above it the response is 429 with code 2020', async () => {
    await simulator.send('PATCH', '/_control/settings', { restPerMinute: 1 });
    expect((await simulator.get('/users/me', TOKEN)).status).toBe(200);
    const refused = await simulator.get('/users/me', TOKEN);
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ error: { message: 'Rate Limit Exceeded', code: 2020 } });
    expect(refused.headers.get('ratelimit-remaining')).toBe('0');
    expect((await simulator.get('/users/me', { authorization: 'Bearer other' })).status).toBe(200);
  });

  test('can be disabled', async () => {
    await simulator.send('PATCH', '/_control/settings', { restPerMinute: null });
    expect((await simulator.get('/users/me', TOKEN)).headers.get('ratelimit-limit')).toBeNull();
  });
});

test('an incident can be read by its id', async () => {
  const simulator = await startSimulator();
  await simulator.event('trigger', 'a');
  const { body } = await simulator.get('/incidents/1', TOKEN);
  expect(body).toMatchObject({ incident: { incident_number: 1, status: 'triggered' } });
  expect((await simulator.get('/incidents/PNONE', TOKEN)).status).toBe(404);
});

test('faults apply to the REST API', async () => {
  const simulator = await startSimulator();
  await simulator.fault({ match: { path: '/log_entries' }, effect: { kind: 'status', status: 429 }, times: 1 });
  await simulator.fault({ match: { path: '/users/*' }, effect: { kind: 'reset' }, times: 1 });
  await simulator.fault({ match: { path: '/abilities' }, effect: { kind: 'cut-answer' }, times: 1 });
  expect((await simulator.get('/log_entries', TOKEN)).status).toBe(429);
  await expect(simulator.get('/users/me', TOKEN)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  await expect(simulator.get('/abilities', TOKEN)).rejects.toThrow('terminated');
  const { body } = await simulator.get('/_control/stats');
  expect(body).toMatchObject({ rest: { requests: 3, byStatus: { '200': 1, '429': 1, none: 1 } } });
});

test('every request is listed with the status of its answer', async () => {
  const simulator = await startSimulator();
  await simulator.get('/log_entries?limit=5', TOKEN);
  await simulator.get('/abilities');
  expect((await simulator.get('/_control/requests')).body).toMatchObject({
    requests: [
      { path: '/log_entries', query: '?limit=5', status: 200 },
      { path: '/abilities', query: '', status: 401 },
    ],
  });
});
