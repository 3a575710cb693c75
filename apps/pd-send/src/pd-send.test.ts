import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generate } from 'selfsigned';
import {
  respondWith,
  buildCommand,
  close,
  listenOn,
  runProgram,
  SUCCESS,
  type Result,
  type SeenRequest,
} from './commands.fixture';

const KEY = '01234567890123456789012345678901';
const TRIGGER = ['-k', KEY, '-t', 'trigger', '-d', 'Disk full'];

let folder: string;
let command: string;
let certificate: { cert: string; private: string };
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pd-send-'));
  command = await buildCommand('pd-send', folder);
  certificate = await generate([{ name: 'commonName', value: 'gateway' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  await writeFile(path.join(folder, 'ca.pem'), certificate.cert);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

function pdSend(words: readonly string[], environment: Record<string, string> = {}): Promise<Result> {
  return runProgram([process.execPath, command, ...words], environment);
}

function listen(server: Server): Promise<number> {
  servers.push(server);
  return listenOn(server);
}

describe('pd-send', () => {
  it('reports in one line that the server does not speak TLS', async () => {
    const port = await listen(http.createServer(respondWith([], [202, SUCCESS])));
    const result = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL: `https://127.0.0.1:${port}` });
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr: `pd-send: cannot reach https://127.0.0.1:${port}: TLS failed: wrong version number (4 attempts)\n`,
    });
  });

  it('sends the event and prints PagerDuty Agent’s message', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(http.createServer(respondWith(seen, [202, SUCCESS])));
    const result = await pdSend([...TRIGGER, '-i', 'a'], { PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}/` });
    expect(result).toEqual({ code: 0, stdout: 'Event processed. Incident Key: a\n', stderr: '' });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ url: '/v2/enqueue', headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: 'a',
    });
  });

  it('prints nothing with -q', async () => {
    const port = await listen(http.createServer(respondWith([], [202, SUCCESS])));
    const result = await pdSend([...TRIGGER, '-q'], { PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}` });
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('retries with the same key, so that one event never becomes two alerts', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(
      http.createServer(respondWith(seen, [503, 'busy'], [429, { status: 'throttle exceeded' }], [202, SUCCESS])),
    );
    const result = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}` });
    expect(result.code).toBe(0);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    expect(result.stdout).toBe(
      `Event processed. Incident Key: ${(JSON.parse(seen[0]?.body ?? '') as { dedup_key: string }).dedup_key}\n`,
    );
  });

  it('prints PagerDuty’s errors and does not retry', async () => {
    const seen: SeenRequest[] = [];
    const response = { status: 'invalid event', message: 'Event object is invalid', errors: ['one', 'two'] };
    const port = await listen(http.createServer(respondWith(seen, [400, response])));
    const base = `http://127.0.0.1:${port}`;
    const result = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL: base });
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr: `pd-send: ${base} answered 400: Event object is invalid: one; two\n`,
    });
    expect(seen).toHaveLength(1);
  });

  it('sends the token to the gateway, and names PDSEND_TOKEN if the gateway rejects it', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(http.createServer(respondWith(seen, [202, SUCCESS], [401, { message: 'No' }])));
    const environment = { PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}`, PDSEND_TOKEN: 'hunter2\n' };
    expect(await pdSend(TRIGGER, environment)).toMatchObject({ code: 0, stderr: '' });
    expect(seen[0]?.headers['x-pdaltagent-token']).toBe('hunter2');
    const refused = await pdSend(TRIGGER, environment);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^pd-send: .* answered 401 \(PDSEND_TOKEN must be .*\): No\n$/);
    expect(refused.stderr).not.toContain('hunter2');
  });

  it.each([200, 202, 403])('names a page of a proxy with status %i as such, and does not accept it', async (status) => {
    const port = await listen(http.createServer(respondWith([], [status, '<html>\n Please log in</html>'])));
    const result = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}` });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain(
      `answered ${status} (not the response of the gateway: check PDSEND_EVENTS_BASE_URL`,
    );
    expect(result.stderr).toContain(': <html> Please log in</html>');
  });

  it('reports an unreachable server in one line', async () => {
    const port = await listen(http.createServer());
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    const result = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL: `http://user:password@localhost:${port}` });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /^pd-send: cannot reach http:\/\/localhost:\d+: connect ECONNREFUSED .*\(4 attempts\)\n$/,
    );
  });

  it('rejects an untrusted certificate and names the variables that help', async () => {
    const server = https.createServer(
      { cert: certificate.cert, key: certificate.private },
      respondWith([], [202, SUCCESS]),
    );
    const PDSEND_EVENTS_BASE_URL = `https://127.0.0.1:${await listen(server)}`;
    const refused = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^pd-send: the certificate .*PDSEND_CA_FILE.*PDSEND_SKIP_CERT_VERIFY.*\n$/);
    const still = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL, PDSEND_SKIP_CERT_VERIFY: 'false' });
    expect(still.code).toBe(1);

    const trusted = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL, PDSEND_CA_FILE: path.join(folder, 'ca.pem') });
    expect(trusted).toMatchObject({ code: 0, stderr: '' });
    const skipped = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL, PDSEND_SKIP_CERT_VERIFY: 'yes' });
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toContain('warning');
  });

  it('reports the names of a certificate for another name, and what to do', async () => {
    const server = https.createServer(
      { cert: certificate.cert, key: certificate.private },
      respondWith([], [202, SUCCESS]),
    );
    const port = await listen(server);
    const environment = {
      PDSEND_EVENTS_BASE_URL: `https://localhost:${port}`,
      PDSEND_CA_FILE: path.join(folder, 'ca.pem'),
    };
    // localhost must also resolve to IPv4: the server listens on 127.0.0.1.
    const refused = await pdSend(TRIGGER, { ...environment, NODE_OPTIONS: '--dns-result-order=ipv4first' });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      `pd-send: the certificate of https://localhost:${port} is for another name: 127.0.0.1; use one of its names in ` +
        'PDSEND_EVENTS_BASE_URL, or add localhost to PDAGENTD_TLS_NAMES of the gateway\n',
    );
  });

  it('uses a proxy: a tunnel for https, the absolute URL for http', async () => {
    const seen: SeenRequest[] = [];
    const tunnels: (readonly [string | undefined, string | undefined])[] = [];
    const secure = https.createServer(
      { cert: certificate.cert, key: certificate.private },
      respondWith(seen, [202, SUCCESS]),
    );
    const securePort = await listen(secure);
    const proxy = http.createServer(respondWith(seen, [202, SUCCESS]));
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      tunnels.push([request.url, request.headers['proxy-authorization']]);
      const upstream = connect(securePort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
      upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    });
    const address = `http://me:se%40cret@127.0.0.1:${await listen(proxy)}`;

    const https202 = await pdSend(TRIGGER, {
      PDSEND_EVENTS_BASE_URL: `https://127.0.0.1:${securePort}`,
      PDSEND_CA_FILE: path.join(folder, 'ca.pem'),
      HTTPS_PROXY: address,
    });
    expect(https202).toMatchObject({ code: 0, stderr: '' });
    const authorization = `Basic ${Buffer.from('me:se@cret').toString('base64')}`;
    expect(tunnels).toEqual([[`127.0.0.1:${securePort}`, authorization]]);

    const http202 = await pdSend(TRIGGER, {
      PDSEND_EVENTS_BASE_URL: 'http://gateway.invalid:8080',
      HTTP_PROXY: address,
    });
    expect(http202.code).toBe(0);
    expect(seen[1]).toMatchObject({
      url: 'http://gateway.invalid:8080/v2/enqueue',
      headers: { host: 'gateway.invalid:8080', 'proxy-authorization': authorization },
    });
  });

  it('takes a stray percent sign in a proxy’s password literally', async () => {
    const seen: IncomingMessage[] = [];
    const proxy = http.createServer((request, response) => {
      seen.push(request);
      respondWith([], [202, SUCCESS])(request, response);
    });
    const HTTP_PROXY = `http://me:50%off@127.0.0.1:${await listen(proxy)}`;
    const sent = await pdSend(TRIGGER, { PDSEND_EVENTS_BASE_URL: 'http://gateway.invalid:8080', HTTP_PROXY });
    expect(sent.code).toBe(0);
    const authorization = `Basic ${Buffer.from('me:50%off').toString('base64')}`;
    expect(seen[0]?.headers['proxy-authorization']).toBe(authorization);
  });

  it('exits with 2 and prints the usage if the command line is invalid', async () => {
    const result = await pdSend(['-t', 'trigger']);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(/^usage: pd-send \[-h\] \[-V\] \[-k KEY\]/);
    expect(result.stderr).toMatch(/\npd-send: error: the following arguments are required: -k\/--service-key\n$/);
  });

  it('prints its help with --help', async () => {
    const result = await pdSend(['--help']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('PDSEND_EVENTS_BASE_URL');
    expect(Math.max(...result.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(82);
  });

  it.each([
    [{ PDSEND_SKIP_CERT_VERIFY: 'maybe' }, /PDSEND_SKIP_CERT_VERIFY is "maybe": must be true or false/],
    [{ PDSEND_EVENTS_BASE_URL: 'gateway:8080' }, /PDSEND_EVENTS_BASE_URL is not a URL/],
    [{ PDSEND_CA_FILE: '/nowhere/ca.pem' }, /PDSEND_CA_FILE cannot be read/],
    [{ PDSEND_EVENTS_BASE_URL: 'http://127.0.0.1:9', PDSEND_TOKEN: 'a\nb' }, /PDSEND_TOKEN is invalid/],
  ])('names the invalid variable: %j', async (environment, message) => {
    const result = await pdSend(TRIGGER, environment);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(message);
  });
});
