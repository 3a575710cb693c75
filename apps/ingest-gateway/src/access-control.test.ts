import { IncomingMessage, request } from 'node:http';
import { Socket } from 'node:net';
import { AccessControl, type AccessControlOptions } from './access-control';
import { KEY, postTo, startGateway, type RunningGateway } from './gateway.fixture';
import { HostNames } from './host-names';
import { Networks } from './networks';
import { Tokens } from './tokens';

const BODY = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });

let gateway: RunningGateway;
afterEach(() => gateway.stop());

async function start(options: Partial<AccessControlOptions>): Promise<void> {
  gateway = await startGateway({
    access: new AccessControl(options),
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
  beforeEach(() => start({ tokens: () => Tokens.parse('first-token,second=second-token').tokens }));

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

  it('are counted if they are refused, and logged once a minute for each address, without the token', async () => {
    for (let count = 0; count < 3; count += 1) await send({ 'x-pdaltagent-token': 'wrong-token' });
    const text = await gateway.metrics.metrics();
    expect(text).toContain('pdaltagent_gateway_requests_refused_total{reason="unauthorized"} 3');
    const { address, problem } = gateway.log.filter(({ level }) => level === 'warn')[0]?.fields ?? {};
    expect([address, problem]).toEqual(['127.0.0.1', 'The token is not valid']);
    expect(gateway.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(text + JSON.stringify(gateway.log)).not.toContain('-token');
  });

  it('have a name, which is in the metrics and in the log', async () => {
    const presented = { 'x-pdaltagent-token': 'second-token' };
    await send(presented);
    await postTo(`${gateway.url}/v2/enqueue`, '{', presented);
    const text = await gateway.metrics.metrics();
    expect(text).toContain('pdaltagent_gateway_requests_by_token_total{token="second",outcome="accepted"} 1');
    expect(text).toContain('pdaltagent_gateway_requests_by_token_total{token="second",outcome="refused"} 1');
    expect(text).toContain('pdaltagent_gateway_requests_by_token_total{token="unnamed",outcome="accepted"} 0');
    const accepted = gateway.log.filter(({ message }) => message === 'event accepted');
    expect(accepted.map(({ fields }) => fields['token'])).toEqual(['second']);
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

describe('pages that a browser shows', () => {
  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page of another host', { origin: 'http://wiki.example.com' }, 403],
    ['another port of this host', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['what is not an origin', { origin: '%%%' }, 403],
    ['the user, who typed the address', { 'sec-fetch-site': 'none' }, 202],
  ])('send no events unless they are of the gateway: %s', async (_, headers, expected) => {
    await start({});
    expect((await send(headers)).status).toBe(expected);
    expect(await gateway.metrics.metrics()).toContain(
      `requests_refused_total{reason="cross-site"} ${expected === 403 ? 1 : 0}`,
    );
    expect(gateway.sink.messages).toHaveLength(expected === 403 ? 0 : 1);
  });

  it('may send events from the origin of the gateway itself', async () => {
    await start({});
    expect((await send({ origin: gateway.url })).status).toBe(202);
  });

  it('may link to the landing page', async () => {
    await start({});
    expect((await fetch(gateway.url, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
  });
});

describe('PDAGENTD_ALLOWED_HOSTS', () => {
  beforeEach(() => start({ hosts: HostNames.parse('gateway.example.com, *.internal, 2001:db8::7') }));
  /** fetch does not let its user set Host. */
  const sendTo = (host: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { method: 'POST', headers: { host, ...headers } };
      request(`${gateway.url}/v2/enqueue`, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(BODY);
    });

  it('lists the names by which senders may address the gateway; its own host always may', async () => {
    const allowed = [
      'gateway.example.com',
      'GATEWAY.example.com:8080',
      'a.internal:80',
      '[2001:db8::7]:8080',
      'localhost',
    ];
    for (const host of allowed) expect([host, await sendTo(host)]).toEqual([host, 202]);
    for (const host of ['attacker.example', 'a.b.internal', 'internal', 'gateway.example.com.attacker.example'])
      expect([host, await sendTo(host)]).toEqual([host, 403]);
  });

  it('lists the origins from which pages may send, for a proxy that sets another Host', async () => {
    expect(await sendTo('a.internal', { origin: 'https://gateway.example.com' })).toBe(202);
    expect(await sendTo('a.internal', { origin: 'https://wiki.example.com' })).toBe(403);
  });
});

describe('with certificates of clients, plain HTTP', () => {
  function from(address: string): IncomingMessage {
    const socket = new Socket();
    Object.defineProperty(socket, 'remoteAddress', { value: address });
    return new IncomingMessage(socket);
  }

  it('is accepted from this host and from trusted proxies only', async () => {
    const control = new AccessControl({ needsCertificate: true, trustedProxies: networks('10.0.0.5') });
    await start({ needsCertificate: true });
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.5'])
      expect(control.admit(from(address)).kind).toBe('sender');
    for (const address of ['10.0.0.6', '::ffff:10.0.0.6', '2001:db8::1', ''])
      expect(control.admit(from(address))).toMatchObject({
        kind: 'refused',
        refused: { reason: 'client-certificate', response: { status: 403 } },
      });
    expect((await send()).status).toBe(202);
  });

  it('still needs a token', async () => {
    await start({ needsCertificate: true, tokens: () => Tokens.parse('a=0123456789abcdef').tokens });
    expect((await send()).status).toBe(401);
    expect((await send({ 'x-pdaltagent-token': '0123456789abcdef' })).status).toBe(202);
  });
});
