import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';

const server = createServer((request, response) => {
  response.writeHead(request.url === '/healthz' ? status : 404).end();
});
let status: number;
beforeEach(() => {
  status = 200;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function listenOn(address: string): Promise<number> {
  server.listen(0, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The exit code of the health check of a container with these variables. */
async function check(port: number, listenAddress?: string, adminHost?: string): Promise<unknown> {
  const child = spawn(process.execPath, [path.join(__dirname, 'healthcheck.mjs')], {
    env: {
      PDAGENTD_ADMIN_PORT: String(port),
      ...(listenAddress === undefined ? {} : { PDAGENTD_LISTEN_ADDRESS: listenAddress }),
      ...(adminHost === undefined ? {} : { PDAGENTD_ADMIN_HOST: adminHost }),
    },
    stdio: 'ignore',
  });
  const [code] = (await once(child, 'exit')) as unknown[];
  return code;
}

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((found) => found?.address === '::1');

it.each([undefined, '', '0.0.0.0', '::'])('asks 127.0.0.1 if the service listens on %j', async (listenAddress) => {
  expect(await check(await listenOn('127.0.0.1'), listenAddress)).toBe(0);
});

it.each(['127.0.0.2', ...(hasIpv6 ? ['::1'] : [])])(
  'asks %s if that is the only address that the service listens on',
  async (address) => {
    const port = await listenOn(address);
    expect(await check(port, address)).toBe(0);
    expect(await check(port, '127.0.0.1')).toBe(1);
  },
);

it('asks the address of PDAGENTD_ADMIN_HOST, if that is one', async () => {
  const port = await listenOn('127.0.0.2');
  expect(await check(port, '127.0.0.1', '127.0.0.2')).toBe(0);
  expect(await check(port, '127.0.0.2', '*')).toBe(0);
  expect(await check(port, undefined, '*')).toBe(1);
});

it('fails if the service is not healthy, and if it does not answer', async () => {
  const port = await listenOn('127.0.0.1');
  status = 503;
  expect(await check(port, undefined)).toBe(1);
  server.closeAllConnections();
  server.close();
  expect(await check(port, undefined)).toBe(1);
});
