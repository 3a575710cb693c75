import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { FORBIDDEN_NAMES, FORBIDDEN_RANGES } from './forbidden-address-list';
import { forbiddenHost, guardedLookup, isForbiddenAddress, type Resolver } from './forbidden-addresses';
import { PostClient } from './post-client';

describe('an address', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'FD00:0EC2:0:0:0:0:0:0254',
    'fd20:ce::254',
    '::',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    ...['169.254.170.2', '169.254.170.23', '169.254.0.23', '169.254.42.42'],
    ...['fd00:ec2::23', 'fd00:ec2::253', 'fd00:c1::a9fe:a9fe', 'fd00:42::42', 'fd00:a9fe:a9fe::1', 'fd00:100::100:200'],
    ...['::169.254.169.254', '::a9fe:a9fe', '::100.100.100.200', '::2'],
    '::ffff:0:169.254.169.254',
    ...['64:ff9b:1::169.254.169.254', '64:ff9b:1:ffff::a9fe:a9fe', '64:ff9b:1::0.0.0.0'],
    ...['64:ff9b:1:a9fe:a9:fe00::', '64:ff9b:1:aa:fe:a9fe::', '64:ff9b:1:1:a9:fea9:fe00:0'],
    ...['2001:0:a9fe:a9fe::1', '2001:0:808:808:0:0:5601:5601'],
    ...['2001:db8::5efe:169.254.169.254', '2001:db8::200:5efe:a9fe:a9fe'],
  ])('%s is blocked', (address) => expect(isForbiddenAddress(address)).toBe(true));

  it.each([
    ...['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '169.253.255.255', '8.8.8.8'],
    ...['::1', 'fd00::1', 'fc00:ec2::254', '2001:db8::1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '2002:a00:1::1'],
    ...[
      '64:ff9b:1::10.0.0.1',
      '64:ff9b:1::8.8.8.8',
      '64:ff9b:1:fffe::8.8.8.8',
      '::10.0.0.1',
      '2001:0:808:808:0:0:f5ff:fffe',
    ],
    ...['fd00:ec3::254', 'fd00:42::43', '100.100.100.201', '2001:db8::5efe:10.0.0.1'],
    'no address',
  ])('%s is allowed', (address) => expect(isForbiddenAddress(address)).toBe(false));
});

it('every entry of the list is blocked, and has a source', () => {
  for (const { range, source } of FORBIDDEN_RANGES) {
    expect([range, isForbiddenAddress(range.split('/')[0] ?? '')]).toEqual([range, true]);
    expect(source).toMatch(/^https:/);
  }
});

describe('the host of a URL', () => {
  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://0/',
    'http://[::ffff:169.254.169.254]/',
    'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'http://169.254.169.254./',
    ...FORBIDDEN_NAMES.map(({ name }) => `http://${name}/`),
    'http://vm.metadata.google.internal/',
    'http://a.b.metadata.goog/',
  ])('of %s is blocked', (url) => expect(forbiddenHost(new URL(url))).toContain('nothing is sent there'));

  it.each([
    'http://localhost/',
    'http://10.1.2.3:8080/',
    'http://[::1]/',
    'https://hooks.example/',
    'http://metadata.example/',
    'http://api.metadata/',
    'http://my-instance-data/',
  ])('of %s is allowed or must be resolved', (url) => expect(forbiddenHost(new URL(url))).toBeUndefined());
});

const resolvesTo =
  (...addresses: string[]): Resolver =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

describe('a guarded lookup', () => {
  /** GET by a name that the resolver knows. @returns the status or the error's code */
  function get(port: number, resolver: Resolver): Promise<number | string> {
    return new Promise((resolve) => {
      const asked = request({ host: 'rebinding.test', port, lookup: guardedLookup(resolver), agent: false });
      asked.once('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      asked.end();
    });
  }

  it('connects to the address that it checked, whatever the name resolves to the next time', async () => {
    const server = createServer((_request, response) => response.writeHead(204).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let calls = 0;
    const flipping: Resolver = (...words) => {
      calls += 1;
      resolvesTo(calls % 2 === 1 ? '127.0.0.1' : '169.254.169.254')(...words);
    };
    expect(await get(port, flipping)).toBe(204);
    expect(calls).toBe(1);
    expect(await get(port, flipping)).toBe('FORBIDDEN_ADDRESS');
    expect(await get(port, resolvesTo('169.254.169.254', '127.0.0.1'))).toBe(204);
    expect(await get(port, resolvesTo('fe80::1', '::ffff:169.254.169.254'))).toBe('FORBIDDEN_ADDRESS');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('returns a single address if asked for one, and passes on resolver errors', async () => {
    const found = await new Promise((resolve) =>
      guardedLookup(resolvesTo('fe80::1', '10.0.0.1'))('a.test', {}, (error, address, family) =>
        resolve([error, address, family]),
      ),
    );
    expect(found).toEqual([null, '10.0.0.1', 4]);
    const unknown: Resolver = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
    expect(await get(80, unknown)).toBe('ENOTFOUND');
  });
});

describe('a client that blocks forbidden addresses', () => {
  const attempt = async (url: string, blocksForbiddenAddresses: boolean, resolver?: Resolver) => {
    const client = new PostClient({
      maxSockets: 1,
      blocksForbiddenAddresses,
      ...(resolver && { resolver }),
    });
    const found = await client.post({ url, headers: {}, body: Buffer.from('{}') });
    client.close();
    return found;
  };

  it('refuses a metadata service and says why', async () => {
    expect(await attempt('http://169.254.169.254/latest', true)).toEqual({
      kind: 'fault',
      fault: 'forbidden-address',
      detail: expect.stringContaining('169.254.169.254 is a metadata service') as string,
    });
  });

  it.each(['http', 'https'])('refuses a name that resolves to it, over %s', async (scheme) => {
    const url = `${scheme}://innocent.test:1/`;
    expect(await attempt(url, true, resolvesTo('169.254.169.254'))).toEqual({
      kind: 'fault',
      fault: 'forbidden-address',
      detail: expect.stringContaining('innocent.test (169.254.169.254)') as string,
    });
    expect(await attempt(url, true, resolvesTo('127.0.0.1'))).toMatchObject({ fault: 'refused' });
  });

  it('refuses it through a proxy too, if it is in the URL', async () => {
    process.env.HTTP_PROXY = 'http://127.0.0.1:1';
    try {
      expect(await attempt('http://metadata.google.internal/', true)).toMatchObject({ fault: 'forbidden-address' });
    } finally {
      delete process.env.HTTP_PROXY;
    }
  });

  it('allows loopback; a client that does not block allows everything', async () => {
    expect(await attempt('http://127.0.0.1:1/', true)).toMatchObject({ fault: 'refused' });
    expect(await attempt('http://0.0.0.0:1/', false)).toMatchObject({ fault: 'refused' });
    expect(await attempt('http://0.0.0.0:1/', true)).toMatchObject({ fault: 'forbidden-address' });
  });
});
