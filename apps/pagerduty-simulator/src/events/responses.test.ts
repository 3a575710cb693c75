import { KEY, type Running, startSimulator, stopSimulators } from '../simulator.fixture';

const V2 = '/v2/enqueue';
const CHANGE = '/v2/change/enqueue';
const V1 = '/generic/2010-04-15/create_event.json';
const PAYLOAD = { summary: 'Disk is full', source: 'db1', severity: 'error' };
const TRIGGER = { routing_key: KEY, event_action: 'trigger', dedup_key: 'disk', payload: PAYLOAD };
const V1_TRIGGER = { service_key: KEY, event_type: 'trigger', incident_key: 'disk', description: 'Disk is full' };
const PROCESSED = { status: 'success', message: 'Event processed' };

let simulator: Running;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(stopSimulators);

describe('An event that PagerDuty accepts', () => {
  test.each([
    ['a v2 trigger', V2, TRIGGER, 202, { ...PROCESSED, dedup_key: 'disk' }],
    ['a v2 acknowledge without payload', V2, v2('acknowledge'), 202, { ...PROCESSED, dedup_key: 'disk' }],
    ['a v2 resolve with a full payload', V2, { ...TRIGGER, event_action: 'resolve' }, 202, undefined],
    ['unknown members, nulls and empty texts', V2, { ...TRIGGER, agent: {}, images: null, client: '' }, 202, undefined],
    ['custom_details as a text', V2, { ...TRIGGER, payload: { ...PAYLOAD, custom_details: 'x' } }, 202, undefined],
    [
      'a summary of 1024 characters',
      V2,
      { ...TRIGGER, payload: { ...PAYLOAD, summary: '€'.repeat(1024) } },
      202,
      undefined,
    ],
    ['a timestamp with an offset', V2, timed('2011-05-06T03:30-07'), 202, undefined],
    ['a date as timestamp', V2, timed('2011-05-06'), 202, undefined],
    [
      'images and links',
      V2,
      { ...TRIGGER, images: [{ src: 'https://a', alt: null }], links: [{ href: 'https://b' }] },
      202,
      undefined,
    ],
    ['a dedup key of 255 characters', V2, { ...TRIGGER, dedup_key: 'k'.repeat(255) }, 202, undefined],
    ['a change event', CHANGE, { routing_key: KEY, payload: { summary: 'Deployed' } }, 202, PROCESSED],
    ['a v1 trigger', V1, V1_TRIGGER, 200, { ...PROCESSED, incident_key: 'disk' }],
    ['a v1 resolve', V1, { service_key: KEY, event_type: 'resolve', incident_key: 'disk' }, 200, undefined],
    ['an event of a vendor', `/integration/${KEY}/enqueue`, { anything: 1 }, 202, undefined],
    ['a change event of a vendor', `/integration/${KEY}/change/enqueue`, { push: 1 }, 202, PROCESSED],
    ['an event for an adapter', `/adapter/cloudwatch_sns/v1/${KEY}`, { Message: 'x' }, 202, undefined],
    ['an event for an orchestration', `/x-ere/${KEY}`, TRIGGER, 202, { ...PROCESSED, dedup_key: 'disk' }],
  ])('is answered as documented: %s', async (_name, path, event, status, body) => {
    const response = await simulator.post(path, JSON.stringify(event));
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject(PROCESSED);
    if (body) expect(response.body).toEqual(body);
  });

  test('gets a key of 32 hexadecimal digits if it is a trigger without one', async () => {
    const { dedup_key, ...event } = TRIGGER;
    const response = await simulator.post(V2, JSON.stringify(event));
    expect(response.body.dedup_key).toMatch(/^[0-9a-f]{32}$/);
    const { incident_key, ...v1 } = V1_TRIGGER;
    expect((await simulator.post(V1, JSON.stringify(v1))).body.incident_key).toMatch(/^[0-9a-f]{32}$/);
    expect([dedup_key, incident_key]).toEqual(['disk', 'disk']);
  });

  test('may be a form of Nagios’s first plug-in, which opens and resolves one alert', async () => {
    const form = (type: string) =>
      `NOTIFICATIONTYPE=${type}&HOSTNAME=db1&SERVICEDESC=disk&SERVICESTATE=CRITICAL&pd_nagios_object=service&CONTACTPAGER=${KEY}`;
    const alert = { routingKey: KEY, dedupKey: 'event_source=service;host_name=db1;service_desc=disk' };
    for (const [type, action, change] of [
      ['PROBLEM', 'trigger', 'opened'],
      ['RECOVERY', 'resolve', 'resolved'],
    ] as const) {
      expect((await simulator.post('/nagios/2010-04-15/create_event', form(type))).status).toBe(202);
      expect((await simulator.arrivals()).at(-1)).toMatchObject({ ...alert, action, alert: change });
    }
    expect((await simulator.post('/nagios/2010-04-15/create_event', 'HOSTNAME=db1')).status).toBe(400);
  });

  test('may have its routing key in the header X-Routing-Key', async () => {
    const { routing_key, ...event } = TRIGGER;
    const response = await simulator.post(V2, JSON.stringify(event), { 'x-routing-key': routing_key });
    expect(response.status).toBe(202);
    expect((await simulator.arrivals()).at(-1)).toMatchObject({ routingKey: KEY });
  });
});

describe('An event that PagerDuty rejects', () => {
  const payload = (more: object) => ({ ...TRIGGER, payload: { ...PAYLOAD, ...more } });
  const severity = `'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')`;
  const action = `'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')`;
  test.each<[string, object, string[]]>([
    [V2, { ...TRIGGER, routing_key: undefined }, [`'routing_key' is missing or blank`]],
    [V2, { ...TRIGGER, routing_key: 'abc' }, [`Length of 'routing_key' is incorrect (should be 32 characters)`]],
    [
      V2,
      { ...TRIGGER, routing_key: `${KEY}\n` },
      [
        `Length of 'routing_key' is incorrect (should be 32 characters)`,
        `'routing_key' cannot contain non-alphanumeric characters.`,
      ],
    ],
    [V2, { ...TRIGGER, routing_key: 12 }, [`Length of 'routing_key' is incorrect (should be 32 characters)`]],
    [V2, { ...TRIGGER, event_action: '' }, [`'event_action' is missing or blank`]],
    [V2, { ...TRIGGER, event_action: 'Trigger' }, [action]],
    [V2, { ...TRIGGER, payload: null }, [`'payload' is missing or blank`]],
    [V2, payload({ summary: ' ' }), [`'payload.summary' is missing or blank`]],
    [V2, payload({ summary: 'x'.repeat(1025) }), [`'summary' is too long (maximum is 1024 characters)`]],
    [V2, payload({ source: undefined }), [`'payload.source' is missing or blank`]],
    [V2, payload({ severity: null }), [`'payload.severity' is missing or blank`]],
    [V2, payload({ severity: 'CRITICAL' }), [severity]],
    [
      V2,
      payload({ source: '', severity: '' }),
      [`'payload.source' is missing or blank`, `'payload.severity' is missing or blank`],
    ],
    [V2, { ...TRIGGER, dedup_key: 'k'.repeat(256) }, [`'dedup_key' is too long (maximum is 255 characters)`]],
    [V2, { routing_key: KEY, event_action: 'resolve' }, [`'dedup_key' is missing or blank`]],
    ...['14:14', '', '2026-05-31T 9:10:11.000Z', 1717146611].map((timestamp): [string, object, string[]] => [
      V2,
      timed(timestamp),
      [`'payload.timestamp' is invalid (must be an ISO 8601 date and time)`],
    ]),
    [V2, { ...TRIGGER, images: [{ src: '' }] }, [`'images[0].src' is missing or blank`]],
    [
      V2,
      { ...TRIGGER, links: [{ text: 'x' }], client: 5 },
      [`'client' is not a string`, `'links[0].href' is missing or blank`],
    ],
    [
      V1,
      { ...V1_TRIGGER, contexts: [{ type: 'image' }, {}] },
      [`'contexts[0].src' is missing or blank`, `'contexts[1].type' is invalid (must be one of: link image)`],
    ],
    [CHANGE, { routing_key: KEY, payload: {} }, [`'payload.summary' is missing or blank`]],
    [V1, {}, [`Service key can't be blank`, `'event_type' is missing or blank`]],
    [V1, { ...V1_TRIGGER, service_key: 'abc' }, ['Service key is the wrong length (should be 32 characters)']],
    [
      V1,
      { ...V1_TRIGGER, event_type: 'open' },
      ['event_type is invalid (must be one of: trigger acknowledge resolve)'],
    ],
    [V1, { ...V1_TRIGGER, description: '' }, ['Description is missing or blank']],
    [V1, { ...V1_TRIGGER, description: 'x'.repeat(1025) }, ['Description is too long (maximum is 1024 characters)']],
    [V1, { service_key: KEY, event_type: 'resolve' }, ['Incident key is missing or blank']],
    ['/integration/short/enqueue', {}, [`Length of 'routing_key' is incorrect (should be 32 characters)`]],
  ])('gets 400 and every error: %s %j', async (path, event, errors) => {
    const response = await simulator.post(path, JSON.stringify(event));
    expect(response.status).toBe(400);
    expect(response.body).toEqual({ status: 'invalid event', message: 'Event object is invalid', errors });
  });

  test.each(['{"routing_key":', '', '[]', '"text"', 'null'])(
    'gets 400 if it is not a JSON object: %j',
    async (body) => {
      const response = await simulator.post(V2, body);
      expect(response.status).toBe(400);
      expect(response.body).toEqual({
        status: 'Unrecognized object',
        message: 'Event object format is unrecognized',
        errors: ['JSON parse error'],
      });
    },
  );

  test('gets 413 above 512 KB, and 202 with exactly 512 KB', async () => {
    const body = (length: number) => JSON.stringify({ ...TRIGGER, pad: '' }).replace('""', `"${'x'.repeat(length)}"`);
    const room = 512 * 1024 - body(0).length;
    expect((await simulator.post(V2, body(room))).status).toBe(202);
    expect((await simulator.post(V2, body(room + 1))).status).toBe(413);
  });

  test('gets 404 on an unknown path and 405 with Allow for another method', async () => {
    expect((await simulator.post('/v3/enqueue', '{}')).status).toBe(404);
    const response = await simulator.get(V2);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('A routing key over its rate', () => {
  const refusal = {
    status: 'throttle exceeded',
    message: 'Requests for this service are arriving too quickly.  Please retry later.',
    errors: ['Enhance Your Calm.'],
  };

  test.each([
    [V2, TRIGGER, 429],
    [V1, V1_TRIGGER, 403],
    [`/x-ere/${KEY}`, TRIGGER, 429],
  ])('is throttled on %s', async (path, event, status) => {
    const own = await startSimulator();
    await own.send('PATCH', '/_control/settings', { eventsPerMinute: 2, throttleRetryAfterSeconds: 7 });
    const responses = [];
    for (let count = 0; count < 3; count += 1) responses.push(await own.post(path, JSON.stringify(event)));
    expect(responses.map((response) => response.status < 300)).toEqual([true, true, false]);
    expect(responses[2]?.status).toBe(status);
    expect(responses[2]?.body).toEqual(refusal);
    expect(responses[2]?.headers.get('retry-after')).toBe('7');
  });

  test('does not affect other keys, and a key may have its own rate', async () => {
    const own = await startSimulator();
    const other = 'f'.repeat(32);
    await own.send('PATCH', '/_control/settings', { eventsPerMinute: 0, eventsPerMinuteByKey: { [other]: null } });
    expect((await own.event('trigger', 'a')).status).toBe(429);
    expect((await own.event('trigger', 'a', { routing_key: other })).status).toBe(202);
  });
});

function timed(timestamp: unknown) {
  return { ...TRIGGER, payload: { ...PAYLOAD, timestamp } };
}

function v2(event_action: string) {
  return { routing_key: KEY, event_action, dedup_key: 'disk' };
}
