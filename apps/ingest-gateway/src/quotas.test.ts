import { ManualClock, waitUntil } from '@pdaltagent/testing';
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { AccessControl } from './access-control';
import { Admission } from './admission';
import { ConnectionQuota } from './connection-quota';
import { KEY, postTo, startGateway, type RunningGateway } from './gateway.fixture';
import { Networks } from './networks';
import { RequestRate } from './request-rate';
import { Tokens } from './tokens';

const BODY = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });

let gateway: RunningGateway;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.stop();
});

const post = (headers: Record<string, string> = {}) => postTo(`${gateway.url}/v2/enqueue`, BODY, headers);

async function postTimes(count: number, headers: Record<string, string> = {}): Promise<number[]> {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent += 1) statuses.push((await post(headers)).status);
  return statuses;
}

const proxies = Networks.parse('127.0.0.1');
const from = (address: string) => ({ 'x-forwarded-for': address });

describe('PDAGENTD_SENDER_RATE', () => {
  let clock: ManualClock;
  async function start(access: AccessControl): Promise<void> {
    clock = new ManualClock();
    gateway = await startGateway({ clock, access, senderRate: 1 });
  }

  it('allows a burst, then answers 429 with the time to wait, and limits no other sender', async () => {
    await start(new AccessControl({ trustedProxies: proxies }));
    expect(await postTimes(10, from('10.0.0.1'))).toEqual(Array.from({ length: 10 }, () => 202));
    const { status, headers, body } = await post(from('10.0.0.1'));
    expect([status, headers.get('retry-after'), body.status]).toEqual([429, '1', 'throttle exceeded']);
    expect((await post(from('10.0.0.2'))).status).toBe(202);
    clock.advance(1_000);
    expect(await postTimes(2, from('10.0.0.1'))).toEqual([202, 429]);
    expect(await gateway.metrics.metrics()).toContain('requests_refused_total{reason="rate"} 2');
  });

  it('counts by the name of a token, whatever the address', async () => {
    const { tokens } = Tokens.parse('a=0123456789abcdef,b=fedcba9876543210');
    await start(new AccessControl({ trustedProxies: proxies, tokens: () => tokens }));
    const a = { 'x-pdaltagent-token': '0123456789abcdef' };
    await postTimes(10, { ...a, ...from('10.0.0.1') });
    expect((await post({ ...a, ...from('10.0.0.2') })).status).toBe(429);
    expect((await post({ 'x-pdaltagent-token': 'fedcba9876543210', ...from('10.0.0.1') })).status).toBe(202);
  });

  it('counts a host that changes its IPv6 address within its network as one sender, and another network as another', async () => {
    await start(new AccessControl({ trustedProxies: proxies }));
    for (let host = 1; host <= 10; host += 1) expect((await post(from(`2001:db8:0:1::${host}`))).status).toBe(202);
    expect((await post(from('2001:db8:0:1:ffff::1'))).status).toBe(429);
    expect((await post(from('2001:db8:0:2::1'))).status).toBe(202);
  });

  it('counts an IPv4 address that a proxy writes as IPv6 as that IPv4 address', async () => {
    await start(new AccessControl({ trustedProxies: proxies }));
    await postTimes(10, from('10.0.0.1'));
    expect((await post(from('::ffff:a00:1'))).status).toBe(429);
    expect((await post(from('::ffff:a00:2'))).status).toBe(202);
  });

  it('is off by default, and remembers a bounded number of senders if it is on', async () => {
    await start(new AccessControl());
    const off = new RequestRate(0, clock);
    const on = new RequestRate(1, clock);
    for (let count = 0; count < 10; count += 1) on.take('first');
    expect(on.take('first')).toBe(1);
    let waits = 0;
    for (let count = 0; count < 20_000; count += 1) waits += off.take('a') + on.take(`sender ${count}`);
    expect([waits, on.take('first')]).toEqual([0, 0]);
  });
});

describe('PDAGENTD_SENDER_CONNECTIONS', () => {
  async function open(): Promise<Socket> {
    const socket = connect(Number(gateway.ports.http), '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  it('closes further connections of an address, and counts them, until others have ended', async () => {
    gateway = await startGateway({ senderConnections: 2 });
    const [first] = [await open(), await open()];
    const third = await open();
    await waitUntil(() => third.closed, { what: 'the third connection to be closed' });
    expect(await gateway.metrics.metrics()).toContain('requests_refused_total{reason="connections"} 1');
    first.destroy();
    await waitUntil(async () => (await post().catch(() => undefined))?.status === 202, { what: 'another connection' });
  });

  it('counts the addresses of an IPv6 network together', async () => {
    let refused = 0;
    const quota = new ConnectionQuota({ maximum: 2, exempt: undefined, onRefused: () => (refused += 1) });
    const add = (remoteAddress: string): boolean => {
      const socket = new Socket();
      Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
      quota.add(socket);
      return socket.destroyed;
    };
    expect(['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map(add)).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(refused).toBe(1);
    gateway = await startGateway();
  });

  it('does not limit trusted proxies, which have those of many senders', async () => {
    gateway = await startGateway({ senderConnections: 1, trustedProxies: proxies });
    await open();
    await open();
    expect((await post()).status).toBe(202);
  });
});

describe('events that wait to be stored', () => {
  it('are at most three quarters of one sender', async () => {
    gateway = await startGateway({ maximumEvents: 4, access: new AccessControl({ trustedProxies: proxies }) });
    let confirm = (): void => undefined;
    gateway.sink.gate = new Promise((resolve) => (confirm = resolve));
    const statuses: string[] = [];
    const send = (address: string) => post(from(address)).then(({ status }) => statuses.push(`${address} ${status}`));
    const sent = Array.from({ length: 5 }, () => send('10.0.0.1'));
    await waitUntil(() => statuses.length === 2, { what: 'two refusals' });
    sent.push(send('10.0.0.2'));
    await waitUntil(async () => (await gateway.metrics.metrics()).includes('events_in_flight 4'), {
      what: 'the event of the other sender to wait',
    });
    confirm();
    await Promise.all(sent);
    expect(statuses.sort()).toEqual([
      ...Array.from({ length: 3 }, () => '10.0.0.1 202'),
      '10.0.0.1 503',
      '10.0.0.1 503',
      '10.0.0.2 202',
    ]);
  });

  it('have as many slots as before for a sender that is alone', () => {
    const admission = new Admission(8_000);
    for (let count = 0; count < 6_000; count += 1) expect(admission.acquire('a')).toBe(true);
    expect([admission.acquire('a'), admission.acquire('b')]).toEqual([false, true]);
  });
});
