import { readFileSync } from 'node:fs';
import path from 'node:path';
import { KEY, postTo, startGateway, type RunningGateway, TRIGGER } from './gateway.fixture';

let gateway: RunningGateway;
beforeAll(async () => (gateway = await startGateway()));
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.sink.messages.length = 0;
});

const post = (route: string, body: string | Uint8Array, headers?: Record<string, string>) =>
  postTo(gateway.url + route, body, headers);

function fixture(name: string): Buffer {
  return readFileSync(path.join(__dirname, '../../../libs/events/fixtures', name));
}

function published() {
  expect(gateway.sink.messages).toHaveLength(1);
  const [message] = gateway.sink.messages;
  if (message === undefined) throw new Error('nothing was published');
  return message;
}

describe('events of PagerDuty’s own APIs', () => {
  it.each([
    ['01-alertmanager-v2-trigger.json', '/v2/enqueue', 'v2', 202],
    ['02-alertmanager-v2-resolve.json', '/v2/enqueue', 'v2', 202],
    ['03-alertmanager-v1-trigger.json', '/generic/2010-04-15/create_event.json', 'v1', 200],
    ['05-zabbix-webhook-v2-trigger.json', '/v2/enqueue', 'v2', 202],
    ['06-zabbix-webhook-v2-acknowledge.json', '/v2/enqueue', 'v2', 202],
  ])('%s is published byte for byte', async (name, route, type, status) => {
    const bytes = fixture(name);
    const reply = await post(route, bytes, { 'content-type': 'application/json' });
    expect(reply).toMatchObject({ status, body: { status: 'success' } });
    const message = published();
    expect(message).toMatchObject({ type, routingKey: KEY, contentType: 'application/json' });
    expect(message.body.equals(bytes)).toBe(true);
    expect(message.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(reply.headers.get('x-pdaltagent-event-id')).toBe(message.id);
    expect(gateway.log.at(-1)).toMatchObject({ level: 'debug', fields: { id: message.id, type, key: '…8901' } });
    const key = reply.body.dedup_key ?? reply.body.incident_key ?? '';
    expect(message.orderKey).toBe(`${KEY}:${key}`);
    expect(message.action).toBe(/trigger|acknowledge|resolve/.exec(name)?.[0]);
  });

  it('accepts Kibana’s routing key in the header and forwards the header', async () => {
    const bytes = fixture('08-kibana-v2-trigger-key-in-header.json');
    const reply = await post('/v2/enqueue', bytes, { 'x-routing-key': KEY });
    expect(reply).toMatchObject({ status: 202, body: { dedup_key: 'a-dedup-key' } });
    const message = published();
    expect(message).toMatchObject({ routingKey: KEY, forward: { 'x-routing-key': KEY } });
    expect(message.body.equals(bytes)).toBe(true);
  });

  it('generates a dedup key for a trigger that has none, and returns it', async () => {
    const text = `{"routing_key":"${KEY}","event_action":"trigger", "payload":{"summary":"s","source":"s","severity":"info","custom_details":{"n":1.0,"big":12345678901234567890}}}`;
    const { body } = await post('/v2/enqueue', text);
    expect(body.dedup_key).toMatch(/^[0-9a-f]{32}$/);
    expect(published().body.toString()).toBe(text.replace('{', `{"dedup_key":"${body.dedup_key}",`));
    expect(published().orderKey).toBe(`${KEY}:${body.dedup_key}`);
  });

  it('drops a byte order mark before the JSON, and nothing else', async () => {
    const text = JSON.stringify({ ...TRIGGER, client: '\ufeff é' });
    expect((await post('/v2/enqueue', `\ufeff${text}`)).status).toBe(202);
    expect(published().body.toString()).toBe(text);
    gateway.sink.messages.length = 0;
    const vendors = Buffer.from(`\ufeff${text}`);
    await post(`/integration/${KEY}/enqueue`, vendors);
    expect(published().body.equals(vendors)).toBe(true);
  });

  it('generates an incident key for a v1 trigger that has none', async () => {
    const bytes = fixture('09-pdagent-pd-nagios-v1-trigger.json').toString().replace('DUMMY_SERVICE_KEY', KEY);
    const event = JSON.parse(bytes) as Record<string, unknown>;
    delete event['incident_key'];
    const { status, body } = await post('/generic/2010-04-15/create_event.json', JSON.stringify(event));
    expect(status).toBe(200);
    expect(JSON.parse(published().body.toString())).toEqual({ ...event, incident_key: body.incident_key });
  });

  it('uses the id of a change event as its order key', async () => {
    const reply = await post('/v2/change/enqueue', JSON.stringify({ routing_key: KEY, payload: { summary: 's' } }));
    expect(reply.status).toBe(202);
    expect(reply.body.dedup_key).toBeUndefined();
    expect(published()).toMatchObject({ type: 'change', orderKey: published().id });
  });

  it('returns all errors of an event at once', async () => {
    const reply = await post('/v2/enqueue', JSON.stringify({ ...TRIGGER, routing_key: 'x-', payload: {} }));
    expect(reply).toMatchObject({
      status: 400,
      body: {
        status: 'invalid event',
        message: 'Event object is invalid',
        errors: [
          "Length of 'routing_key' is incorrect (should be 32 characters)",
          "'routing_key' cannot contain non-alphanumeric characters.",
          "'payload.summary' is missing or blank",
          "'payload.source' is missing or blank",
          "'payload.severity' is missing or blank",
        ],
      },
    });
    expect(gateway.sink.messages).toHaveLength(0);
    expect(reply.headers.get('x-pdaltagent-event-id')).toBeNull();
  });

  it.each(['{"a":', '[]', 'a=b', '', '['.repeat(100_000)])(
    'answers 400 to a body that is not an event',
    async (text) => {
      const reply = await post('/v2/enqueue', text);
      expect(reply).toMatchObject({
        status: 400,
        body: { status: 'Unrecognized object', message: 'Event object format is unrecognized' },
      });
    },
  );

  it('truncates a long summary and returns a warning', async () => {
    const event = { ...TRIGGER, payload: { ...TRIGGER.payload, summary: 'x'.repeat(2000) } };
    const reply = await post('/v2/enqueue', JSON.stringify(event));
    expect(reply.status).toBe(202);
    expect(reply.body.warnings).toHaveLength(1);
    const sent = JSON.parse(published().body.toString()) as typeof event;
    expect(sent.payload.summary).toBe(`${'x'.repeat(1023)}…`);
  });

  it('removes an optional part because of which PagerDuty would reject the event, returns a warning, and logs each kind once', async () => {
    const event = (dedup_key: string) =>
      JSON.stringify({
        ...TRIGGER,
        dedup_key,
        payload: { ...TRIGGER.payload, timestamp: '2026-05-31T 9:10:11Z' },
        images: [{ src: '' }, { src: 'https://a' }],
      });
    const reply = await post('/v2/enqueue', event('a'));
    expect(reply).toMatchObject({
      status: 202,
      body: {
        warnings: [
          expect.stringMatching(/^'payload\.timestamp' is invalid .*: it was left out$/),
          "'images[0].src' is missing or blank: it was left out",
        ],
      },
    });
    expect(JSON.parse(published().body.toString())).toEqual({
      ...TRIGGER,
      dedup_key: 'a',
      images: [{ src: 'https://a' }],
    });
    await post('/v2/enqueue', event('b'));
    const lines = gateway.log.filter(({ message }) => message.includes('without an optional part'));
    expect(lines.map(({ level, fields }) => [level, fields['part']])).toEqual([
      ['warn', 'payload.timestamp'],
      ['warn', 'images.src'],
    ]);
  });

  it('accepts a v1 resolve whose optional description is not a string, without it', async () => {
    const event = { service_key: KEY, event_type: 'resolve', incident_key: 'alert-1' };
    const reply = await post('/generic/2010-04-15/create_event.json', JSON.stringify({ ...event, description: 5 }));
    expect(reply).toMatchObject({
      status: 200,
      body: { incident_key: 'alert-1', warnings: ['Description is not a string: it was left out'] },
    });
    expect(published().body.toString()).toBe(JSON.stringify(event));
  });

  it('removes the details of an event over 512 KB and returns a warning', async () => {
    const payload = { ...TRIGGER.payload, custom_details: { log: 'x'.repeat(700_000) } };
    const reply = await post('/v2/enqueue', JSON.stringify({ ...TRIGGER, payload }));
    expect(reply).toMatchObject({ status: 202, body: { warnings: [expect.stringContaining('custom_details')] } });
    expect(published().body.length).toBeLessThan(1000);
  });

  it('forwards a trace context, unless it is malformed', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await post('/v2/enqueue', JSON.stringify(TRIGGER), { traceparent });
    expect(published().traceparent).toBe(traceparent);
    gateway.sink.messages.length = 0;
    await post('/v2/enqueue', JSON.stringify(TRIGGER), { traceparent: 'anything' });
    expect(published().traceparent).toBeUndefined();
  });
});

describe('vendor bodies', () => {
  it.each([
    ['10-splunk-integration-enqueue.json', `/integration/${KEY}/enqueue`, 'integration', 'application/json'],
    ['11-cloudwatch-sns-notification.json', `/x-ere/${KEY}`, 'x-ere', 'text/plain; charset=UTF-8'],
  ])('%s is published byte for byte, ordered by its routing key', async (name, route, type, contentType) => {
    const bytes = fixture(name);
    const reply = await post(route, bytes, {
      'content-type': contentType,
      'x-amz-sns-message-type': 'Notification',
      authorization: 'Bearer secret',
      cookie: 'a=b',
      'private-token': 'secret',
      'x-amz-security-token': 'secret',
      'x-forwarded-for': '10.0.0.1',
      'true-client-ip': '10.0.0.1',
    });
    expect(reply).toMatchObject({ status: 202, body: { status: 'success' } });
    const message = published();
    expect(reply.headers.get('x-pdaltagent-event-id')).toBe(message.id);
    expect(message).toMatchObject({ type, routingKey: KEY, orderKey: KEY, contentType });
    expect(message.body.equals(bytes)).toBe(true);
    expect(message.forward?.['x-amz-sns-message-type']).toBe('Notification');
    expect(JSON.stringify(message.forward)).not.toMatch(/secret|10\.0\.0\.1/);
    expect(Object.keys(message.forward ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/authorization|cookie|forwarded|host|content-|connection/)]),
    );
  });

  it('forwards what an older integration posts to its adapter, and refuses other paths', async () => {
    const bytes = fixture('11-cloudwatch-sns-notification.json');
    const path = `/adapter/cloudwatch_sns/v1/${KEY}`;
    const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' };
    expect(await post(path, bytes, headers)).toMatchObject({ status: 202, body: { status: 'success' } });
    const message = published();
    expect(message).toMatchObject({ type: 'adapter', adapter: 'cloudwatch_sns/v1', routingKey: KEY, orderKey: KEY });
    expect(message.body.equals(bytes)).toBe(true);
    expect(message.forward).toMatchObject({ 'x-amz-sns-message-type': 'Notification' });
    for (const odd of ['/adapter/a%2Fb/v1/KEY', '/adapter/a/.%2e/KEY', '/adapter/a%3Fb/v1/KEY', '/adapter/v1/KEY']) {
      expect((await post(odd.replace('KEY', KEY), bytes, headers)).status).toBe(404);
    }
    expect((await post('/adapter/cloudwatch_sns/v1/short', bytes, headers)).status).toBe(400);
    expect(gateway.sink.messages).toHaveLength(1);
  });

  it('forwards what Nagios’s plug-in posts, ordered by the key in its form', async () => {
    const bytes = fixture('12-nagios-plugin-service-problem.form');
    const path = '/nagios/2010-04-15/create_event';
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'libwww-perl/6.67' };
    expect(await post(path, bytes, headers)).toMatchObject({ status: 202, body: { status: 'success' } });
    const message = published();
    expect(message).toMatchObject({
      type: 'nagios',
      routingKey: KEY,
      orderKey: KEY,
      forward: { 'user-agent': 'libwww-perl/6.67' },
    });
    expect(message.contentType).toBe(headers['content-type']);
    expect(message.body.equals(bytes)).toBe(true);
    expect(await post(path, Buffer.from('HOSTNAME=db1'), headers)).toMatchObject({
      status: 400,
      body: { errors: ["'CONTACTPAGER' is missing or blank"] },
    });
    expect(gateway.sink.messages).toHaveLength(1);
  });

  it.each([
    ['a form', Buffer.from('status=ALARM&text=%C3%A9')],
    ['bytes that are not text', Buffer.from([0xff, 0x00, 0xfe])],
    ['nothing', Buffer.alloc(0)],
    ['JSON that is nested too deeply to parse', Buffer.from('['.repeat(5000))],
  ])('accepts %s unchanged', async (_, bytes) => {
    const route = `/integration/${KEY}/change/enqueue`;
    const contentType = 'multipart/form-data; boundary=x';
    expect((await post(route, bytes, { 'content-type': contentType })).status).toBe(202);
    expect(published()).toMatchObject({ type: 'integration-change', contentType });
    expect(published().body.equals(bytes)).toBe(true);
  });

  it('reads the dedup key of an orchestration event in the v2 format', async () => {
    const reply = await post(`/x-ere/${KEY}`, JSON.stringify(TRIGGER));
    expect(reply.body.dedup_key).toBe('alert-1');
    expect(published().orderKey).toBe(`${KEY}:alert-1`);
  });

  it.each([
    ['/x-ere/KEY?source=cloud&x=%20y', 'source=cloud&x=%20y'],
    ['/integration/KEY/enqueue/?a=b?c', 'a=b?c'],
    ['/integration/KEY/enqueue?', undefined],
    ['/v2/enqueue?a=b', undefined],
  ])('forwards the query of a vendor: %s', async (route, query) => {
    await post(route.replace('KEY', KEY), JSON.stringify(TRIGGER));
    expect(published().query).toBe(query);
  });

  it('refuses a path whose routing key is invalid', async () => {
    const reply = await post('/integration/short/enqueue', '{}');
    expect(reply).toMatchObject({
      status: 400,
      body: { errors: ["Length of 'routing_key' is incorrect (should be 32 characters)"] },
    });
  });

  it('answers 413 to a vendor body over 512 KB, which cannot be truncated', async () => {
    expect((await post(`/x-ere/${KEY}`, Buffer.alloc(512 * 1024))).status).toBe(202);
    expect((await post(`/x-ere/${KEY}`, Buffer.alloc(512 * 1024 + 1))).status).toBe(413);
  });
});
