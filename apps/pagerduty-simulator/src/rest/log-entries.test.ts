import { isObject } from '../events/json';
import { KEY, objects, type Running, startSimulator, stopSimulators, TOKEN, until } from '../simulator.fixture';
import sample from './log-entries.sample.json';

let simulator: Running;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(stopSimulators);

const read = async (query: string) => (await simulator.get(`/log_entries?${query}`, TOKEN)).body;
const ids = async (query: string) => objects((await read(query)).log_entries).map(({ id }) => id);
const script = async (value: Record<string, unknown>) => {
  const response = await simulator.send('POST', '/_control/log_entries', value);
  expect(response.status).toBe(201);
};

/** The paths of all members, lists by their first item. */
function shape(value: unknown, path = ''): string[] {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  if (first !== undefined) return shape(first, `${path}[]`);
  if (!isObject(value)) return [path];
  return Object.entries(value).flatMap(([name, member]) => shape(member, `${path}.${name}`));
}

describe('The page', () => {
  test('has exactly the members of PagerDuty’s pages, with incidents and services included', async () => {
    await simulator.event('trigger', 'a');
    const page = await read('limit=100&include[]=incidents&include[]=services');
    expect(shape(page).sort()).toEqual(shape(sample).sort());
  });

  test('works even if an event has very deeply nested details', async () => {
    const [open, close] = ['['.repeat(20_000), ']'.repeat(20_000)];
    const event = `{"routing_key":"${KEY}","event_action":"trigger","dedup_key":"deep","payload":{"summary":"s","source":"h","severity":"info","custom_details":${open}${close}}}`;
    expect((await simulator.post('/v2/enqueue', event)).status).toBe(202);
    await simulator.event('trigger', 'flat');
    const page = objects((await read('include[]=channels&include[]=incidents')).log_entries);
    expect(page).toHaveLength(2);
    expect(JSON.stringify(page)).toContain('nested over 1000 levels deep: not listed');
    expect((await simulator.arrivals())[0]).toMatchObject({ body: event });
  });

  test('has references if nothing is included', async () => {
    await simulator.event('trigger', 'a');
    const [entry] = objects((await read('')).log_entries);
    const members = ['html_url', 'id', 'self', 'summary', 'type'];
    for (const name of ['incident', 'service', 'agent'] as const) {
      expect(Object.keys(isObject(entry) && isObject(entry[name]) ? entry[name] : {}).sort()).toEqual(members);
    }
    expect(entry).toMatchObject({ incident: { type: 'incident_reference' }, service: { type: 'service_reference' } });
  });

  test('has the event of a trigger only with include[]=channels', async () => {
    await simulator.event('trigger', 'a');
    expect(JSON.stringify(await read(''))).not.toContain('cef_details');
    expect(await read('include[]=channels')).toMatchObject({
      log_entries: [{ channel: { type: 'api', incident_key: 'a', cef_details: { severity: 'error' } } }],
    });
  });

  test('lists the newest first, 25 by default, and reports whether there are more', async () => {
    await script({ incident: null, count: 30, spacingMs: 1000 });
    const page = await read('');
    expect(page).toMatchObject({ limit: 25, offset: 0, more: true, total: null });
    const times = objects(page.log_entries).map(({ created_at }) => String(created_at));
    expect(times).toEqual([...times].sort().reverse());
    expect(times).toHaveLength(25);
    expect(await read('offset=25&total=true')).toMatchObject({ offset: 25, more: false, total: 30 });
  });

  test('covers every entry exactly once with the other pages', async () => {
    await script({ incident: null, count: 250 });
    const found = [
      ...(await ids('limit=100')),
      ...(await ids('limit=100&offset=100')),
      ...(await ids('limit=100&offset=200')),
    ];
    expect(new Set(found).size).toBe(250);
  });

  test('has at most 100 entries', async () => {
    await script({ incident: null, count: 120 });
    expect(await read('limit=500')).toMatchObject({ limit: 100, more: true });
  });

  test('reaches no further than 10,000 records', async () => {
    const response = await simulator.get('/log_entries?limit=100&offset=9901', TOKEN);
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ error: { message: 'Invalid Input Provided', code: 2001 } });
    expect((await simulator.get('/log_entries?limit=100&offset=9900', TOKEN)).status).toBe(200);
  });
});

describe('The window', () => {
  const at = (second: number) => `2026-03-01T15:14:${String(second).padStart(2, '0')}Z`;
  beforeEach(async () => {
    for (const second of [10, 20, 30]) await script({ incident: null, createdAt: at(second), id: `R${second}` });
  });

  test.each([
    ['', ['R30', 'R20', 'R10']],
    [`since=${at(20)}`, ['R30', 'R20']],
    [`until=${at(20)}`, ['R10']],
    [`since=${at(10)}&until=${at(30)}`, ['R20', 'R10']],
    [`since=${encodeURIComponent('2026-03-01T16:14:20+01:00')}`, ['R30', 'R20']],
    ['since=2026-03-01T15:14:20', ['R30', 'R20']],
    ['since=2026-03-02', []],
  ])('is since <= created_at < until, UTC without a zone: %s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  test.each([
    ['since=yesterday', 2004],
    ['until=2026-13-01T00:00:00Z', 2004],
    [`since=${at(30)}&until=${at(10)}`, 2005],
    ['limit=0', 2001],
    ['offset=-1', 2001],
  ])('that is invalid is answered with 400: %s', async (query, code) => {
    const response = await simulator.get(`/log_entries?${query}`, TOKEN);
    expect(response.status).toBe(400);
    expect(response.body).toMatchObject({ error: { code } });
  });
});

describe('A scripted entry', () => {
  test('can become visible late with an old created_at, at its place in the order', async () => {
    await script({ incident: null, id: 'RNEW', createdAt: '2026-03-01T10:00:30Z' });
    const createdAt = '2026-03-01T10:00:00Z';
    await script({ incident: null, id: 'RHIDDEN', createdAt, visibleAfterMs: 3_600_000 });
    await script({ incident: null, id: 'RLATE', createdAt, visibleAfterMs: 80 });
    await script({ incident: null, id: 'ROLD', createdAt: '2026-03-01T09:59:00Z' });
    await until(async () => (await ids('')).includes('RLATE'));
    expect(await ids('')).toEqual(['RNEW', 'RLATE', 'ROLD']);
  });

  test.each([
    ['annotate', { note: 'Looking into it' }, { channel: { type: 'note', summary: 'Looking into it' } }],
    ['assign', {}, { assignees: [{ id: 'PUSR002' }], incident: { assignments: [{ assignee: { id: 'PUSR002' } }] } }],
    ['escalate', {}, { assignees: [{ id: 'PUSR002' }] }],
    ['delegate', {}, { incident: { escalation_policy: { id: 'PESC002' } } }],
    ['acknowledge', {}, { agent: { type: 'user_reference' }, incident: { status: 'acknowledged' } }],
    ['unacknowledge', {}, { channel: { type: 'timeout' }, incident: { status: 'triggered' } }],
    ['resolve', {}, { incident: { status: 'resolved' } }],
    ['notify', {}, { user: { id: 'PUSR001' } }],
    ['snooze', {}, { changed_actions: [] }],
    ['urgency_change', {}, { incident: { urgency: 'low' } }],
    ['priority_change', { priority: 'P2' }, { incident: { priority: { summary: 'P2' } } }],
    ['never_heard_of', { fields: { agent: null, teams: null } }, { agent: null, teams: null }],
  ])('of type %s has its summary and changes the incident', async (type, more, expected) => {
    await simulator.event('trigger', 'a');
    await script({ type, routingKey: KEY, dedupKey: 'a', ...more });
    const entries = objects((await read('include[]=incidents')).log_entries);
    const entry = entries.find((one) => one.type === `${type}_log_entry`);
    expect(entry).toMatchObject({ type: `${type}_log_entry`, incident: { incident_key: 'a' }, ...expected });
  });

  test('may have any content', async () => {
    await script({ raw: { type: 'odd', incident: { id: 'PNONE' }, extra: [1] } });
    const [entry, ...others] = objects((await read('')).log_entries);
    expect(others).toEqual([]);
    const { id, self, created_at, ...rest } = entry ?? {};
    expect(rest).toEqual({ type: 'odd', incident: { id: 'PNONE' }, extra: [1] });
    expect([id, self, created_at]).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
  });

  test('that resolves the incident makes the next trigger open a new one', async () => {
    await simulator.event('trigger', 'a');
    await script({ type: 'resolve', dedupKey: 'a' });
    await simulator.event('trigger', 'a');
    expect((await simulator.arrivals()).map(({ alert }) => alert)).toEqual(['opened', 'opened']);
  });

  test('can be one of many in the same request', async () => {
    const history = ['trigger', 'acknowledge', 'resolve'].map((type, minute) => ({
      type,
      dedupKey: 'old',
      createdAt: `2026-03-01T10:0${minute}:00Z`,
    }));
    const { status, body } = await simulator.send('POST', '/_control/log_entries', history);
    expect([status, body.count]).toEqual([201, 3]);
    const entries = objects((await read('include[]=incidents')).log_entries).reverse();
    expect(entries.map(({ id }) => id)).toEqual(body.ids);
    expect(entries).toMatchObject(
      history.map(({ type, createdAt }) => ({ type: `${type}_log_entry`, created_at: createdAt })),
    );
    expect(entries[0]).toMatchObject({ incident: { status: 'resolved', created_at: '2026-03-01T10:00:00Z' } });
  });

  test('is listed by the control API before it is visible', async () => {
    await script({ dedupKey: 'a', type: 'trigger', visibleAfterMs: 100_000 });
    expect(await ids('')).toEqual([]);
    const { body } = await simulator.get('/_control/log_entries');
    expect(body).toMatchObject({ total: 1, log_entries: [{ type: 'trigger_log_entry', incident: { dedupKey: 'a' } }] });
  });

  test('for an unknown incident is rejected', async () => {
    expect((await simulator.send('POST', '/_control/log_entries', { incident: 'PNONE' })).status).toBe(404);
  });

  test('is omitted from the overview if it is only a notification', async () => {
    await script({ incident: null, type: 'notify' });
    await script({ incident: null, type: 'annotate' });
    expect(objects((await read('is_overview=true')).log_entries).map(({ type }) => type)).toEqual([
      'annotate_log_entry',
    ]);
    expect(objects((await read('is_overview=false')).log_entries)).toHaveLength(2);
  });

  test('can be read by its id', async () => {
    await script({ incident: null, id: 'RALONE' });
    expect((await simulator.get('/log_entries/RALONE', TOKEN)).body).toMatchObject({ log_entry: { id: 'RALONE' } });
    expect((await simulator.get('/log_entries/RNONE', TOKEN)).status).toBe(404);
  });
});

describe('PagerDuty’s clock', () => {
  test('can be ahead of this machine’s clock or behind it', async () => {
    await simulator.send('PATCH', '/_control/settings', { clockSkewMs: 3_600_000 });
    await simulator.event('trigger', 'a');
    await simulator.send('PATCH', '/_control/settings', { clockSkewMs: -3_600_000 });
    await simulator.event('trigger', 'b');
    const [ahead, behind] = objects((await read('')).log_entries).map(({ created_at }) =>
      Date.parse(String(created_at)),
    );
    expect(ahead).toBeGreaterThan(Date.now() + 3_000_000);
    expect(behind).toBeLessThan(Date.now() - 3_000_000);
  });

  test('can delay the visibility of entries', async () => {
    await simulator.send('PATCH', '/_control/settings', { indexingDelayMs: [100_000, 200_000] });
    await simulator.event('trigger', 'a');
    expect(await ids('')).toEqual([]);
    await simulator.send('PATCH', '/_control/settings', { indexingDelayMs: 0 });
    await simulator.event('trigger', 'b');
    expect(await ids('')).toHaveLength(1);
  });
});
