import { AccessControl, type AccessControlOptions } from './access-control';
import { KEY, postTo, startGateway, type RunningGateway } from './gateway.fixture';
import { Networks } from './networks';

const BODY = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });

let gateway: RunningGateway;
afterEach(() => gateway.stop());

async function start(options: Partial<AccessControlOptions>): Promise<void> {
  gateway = await startGateway({
    access: new AccessControl({ tokens: [], allowed: undefined, trustedProxies: undefined, ...options }),
  });
}

function networks(text: string): Networks {
  const parsed = Networks.parse(text);
  if (parsed === undefined) throw new Error(`${text} is not a list of networks`);
  return parsed;
}

const send = (headers: Record<string, string> = {}, route = '/v2/enqueue') =>
  postTo(gateway.url + route, BODY, headers);

describe('tokens', () => {
  beforeEach(() => start({ tokens: ['first-token', 'second-token'] }));

  it('are accepted in either header, and are not forwarded', async () => {
    for (const headers of [
      { authorization: 'Bearer first-token' },
      { authorization: 'bearer second-token' },
      { 'x-pdaltagent-token': 'second-token' },
      { 'x-pdaltagent-token': 'second-token', authorization: 'Bearer of-a-tool' },
      { 'x-pdaltagent-token': 'of-a-tool', authorization: 'Bearer first-token' },
    ]) {
      expect((await send(headers, `/integration/${KEY}/enqueue`)).status).toBe(202);
    }
    expect(JSON.stringify(gateway.sink.messages)).not.toContain('-token');
  });

  it('are required on every path, and invalid ones are refused', async () => {
    const paths = ['/v2/enqueue', `/x-ere/${KEY}`, '/generic/2010-04-15/create_event.json', '/nowhere'];
    for (const route of paths) {
      const { status, body, headers } = await send({}, route);
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(body).toEqual({ status: 'unauthorized', message: 'Unauthorized', errors: ['A token is required'] });
    }
    for (const token of ['first-toke', 'first-tokens', 'FIRST-TOKEN', 'x'.repeat(5_000)]) {
      const { status, body } = await send({ 'x-pdaltagent-token': token });
      expect([status, body.errors]).toEqual([401, ['The token is not valid']]);
    }
    expect((await send({ authorization: 'Basic first-token' })).status).toBe(401);
    expect(gateway.sink.messages).toEqual([]);
  });

  it('are part of the example on the landing page, without their value', async () => {
    const response = await fetch(gateway.url, { headers: { 'x-pdaltagent-token': 'first-token' } });
    const text = await response.text();
    expect(text).toContain("curl -H 'X-PDaltagent-Token: YOUR_TOKEN' -H 'Content-Type: application/json' http://");
    expect(text).not.toContain('first-token');
  });

  it('are counted if they are refused, and never logged', async () => {
    await send({ 'x-pdaltagent-token': 'wrong-token' });
    const text = await gateway.metrics.metrics();
    expect(text).toContain('pdaltagent_gateway_requests_refused_total{reason="unauthorized"} 1');
    expect(text + JSON.stringify(gateway.log)).not.toContain('-token');
  });
});

describe('networks', () => {
  it('refuse a sender outside, with its address in the response, and count it', async () => {
    await start({ allowed: networks('10.0.0.0/8, 2001:db8::/32') });
    const { status, body } = await send();
    expect([status, body]).toEqual([
      403,
      { status: 'forbidden', message: 'Forbidden', errors: ['Events from 127.0.0.1 are not accepted'] },
    ]);
    expect(await gateway.metrics.metrics()).toContain('requests_refused_total{reason="forbidden"} 1');
  });

  it('accept a sender inside, and ignore its X-Forwarded-For', async () => {
    await start({ allowed: networks('127.0.0.0/8') });
    expect((await send({ 'x-forwarded-for': '192.0.2.1' })).status).toBe(202);
  });

  it.each([
    ['10.1.2.3', 202],
    ['10.1.2.3:4711', 202],
    ['[2001:db8::7]:4711', 202],
    ['::ffff:10.1.2.3', 202],
    ['192.0.2.1', 403],
    // Anybody can forge the addresses before the last hop.
    ['10.1.2.3, 192.0.2.1', 403],
    ['192.0.2.1, 10.1.2.3', 202],
    ['192.0.2.1, 10.1.2.3, 127.0.0.2', 202],
    ['nonsense', 403],
    ['10.1.2.3, nonsense', 403],
    ['', 403],
  ])('use X-Forwarded-For from a trusted proxy, %j: %i', async (forwarded, expected) => {
    await start({ allowed: networks('10.0.0.0/8,2001:db8::/32'), trustedProxies: networks('127.0.0.0/8') });
    expect((await send({ 'x-forwarded-for': forwarded })).status).toBe(expected);
  });

  it('ignore X-Forwarded-For from anybody else', async () => {
    await start({ allowed: networks('10.0.0.0/8'), trustedProxies: networks('192.0.2.0/24') });
    expect((await send({ 'x-forwarded-for': '10.1.2.3' })).status).toBe(403);
  });
});
