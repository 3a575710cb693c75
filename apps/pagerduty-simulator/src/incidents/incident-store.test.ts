import { isObject } from '../events/json';
import { KEY, objects, OTHER_KEY, type Running, startSimulator, stopSimulators, TOKEN } from '../simulator.fixture';

let simulator: Running;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(stopSimulators);

const changes = async () => (await simulator.arrivals()).map(({ alert }) => alert);
const incidents = async () => objects((await simulator.get('/_control/incidents')).body.incidents);
/** The log entries, oldest first. */
const entries = async (query = '') => {
  const { body } = await simulator.get(`/log_entries?limit=100&${query}`, TOKEN);
  return objects(body.log_entries).reverse();
};

test('an alert is opened, repeated, acknowledged and resolved, each with its log entry', async () => {
  for (const action of ['trigger', 'trigger', 'acknowledge', 'resolve']) await simulator.event(action, 'a');
  expect(await changes()).toEqual(['opened', 'repeated', 'acknowledged', 'resolved']);
  expect((await entries()).map(({ type }) => type)).toEqual([
    'trigger_log_entry',
    'trigger_log_entry',
    'acknowledge_log_entry',
    'resolve_log_entry',
  ]);
  expect(await incidents()).toMatchObject([{ status: 'resolved', routingKey: KEY, dedupKey: 'a', triggers: 2 }]);
});

test('first_trigger_log_entry distinguishes the first trigger of an incident from repeated ones', async () => {
  await simulator.event('trigger', 'a');
  await simulator.event('trigger', 'a');
  const [first, second] = await entries('include[]=incidents');
  expect(first).toMatchObject({ incident: { first_trigger_log_entry: { id: first?.id } } });
  expect(second).toMatchObject({ incident: { first_trigger_log_entry: { id: first?.id } } });
  expect(second?.id).not.toBe(first?.id);
});

test('acknowledge and resolve without an open alert are dropped', async () => {
  await simulator.event('resolve', 'a');
  await simulator.event('acknowledge', 'a');
  expect(await changes()).toEqual(['dropped', 'dropped']);
  expect(await entries()).toEqual([]);
  const { body } = await simulator.get('/_control/stats');
  expect(body).toMatchObject({ events: { byAlert: { dropped: 2 } } });
});

test('a trigger after a resolve opens a new incident', async () => {
  for (const action of ['trigger', 'resolve', 'trigger']) await simulator.event(action, 'a');
  expect(await incidents()).toMatchObject([{ status: 'resolved' }, { status: 'triggered' }]);
});

test('a trigger without a dedup key always opens an alert, which the key in the response resolves', async () => {
  const { body } = await simulator.event('trigger');
  await simulator.event('trigger');
  await simulator.event('resolve', String(body.dedup_key));
  expect(await incidents()).toMatchObject([{ status: 'resolved' }, { status: 'triggered' }]);
});

test('the same dedup key under two routing keys means two alerts', async () => {
  await simulator.event('trigger', 'a');
  await simulator.event('trigger', 'a', { routing_key: OTHER_KEY });
  await simulator.event('resolve', 'a', { routing_key: OTHER_KEY });
  expect(await incidents()).toMatchObject([
    { status: 'triggered', routingKey: KEY },
    { status: 'resolved', routingKey: OTHER_KEY },
  ]);
});

test('a second acknowledge has no effect, and a trigger leaves the incident acknowledged', async () => {
  for (const action of ['trigger', 'acknowledge', 'acknowledge', 'trigger']) await simulator.event(action, 'a');
  expect(await changes()).toEqual(['opened', 'acknowledged', 'unchanged', 'repeated']);
  expect(await incidents()).toMatchObject([{ status: 'acknowledged' }]);
});

test('a change event opens no incident', async () => {
  await simulator.post('/v2/change/enqueue', JSON.stringify({ routing_key: KEY, payload: { summary: 'Deployed' } }));
  expect(await incidents()).toEqual([]);
});

test('with assignOnTrigger a new incident is also assigned', async () => {
  await simulator.send('PATCH', '/_control/settings', { assignOnTrigger: true });
  await simulator.event('trigger', 'a');
  await simulator.event('trigger', 'a');
  const types = (await entries()).map(({ type }) => type);
  expect(types).toEqual(['trigger_log_entry', 'assign_log_entry', 'trigger_log_entry']);
});

test('identifiers look like PagerDuty’s and increase over time', async () => {
  await simulator.event('trigger', 'a');
  await simulator.event('trigger', 'b');
  const found = await entries();
  for (const { id } of found) expect(id).toMatch(/^R[0-9A-Z]{25}$/);
  for (const { incident } of await incidents()) expect(isObject(incident) && incident.id).toMatch(/^Q[0-9A-Z]{13}$/);
  expect(String(found[0]?.id) < String(found[1]?.id)).toBe(true);
});
