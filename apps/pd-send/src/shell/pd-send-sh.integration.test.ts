import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toolPath } from '@pdaltagent/testing';
import { generate } from 'selfsigned';
import { respondWith, close, listenOn, runProgram, SUCCESS, type SeenRequest } from '../commands.fixture';
import { Commands, COMPARISONS, spyOnCurl } from './comparison.fixture';

const KEY = '01234567890123456789012345678901';
const TRIGGER = ['-k', KEY, '-t', 'trigger', '-d', 'Disk full', '-i', 'a'];

let folder: string;
let commands: Commands;
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pd-send-sh-'));
  commands = await Commands.build(folder, [toolPath('curl'), '/bin/sleep', '/usr/bin/od']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(servers.splice(0).map(close));
});

const shell = (words: readonly string[], environment: Record<string, string>) =>
  runProgram([...commands.inShell('/bin/sh'), ...words], { PATH: commands.programs, ...environment });

async function listen(server: Server): Promise<number> {
  servers.push(server);
  return listenOn(server);
}

describe('pd-send.sh', () => {
  it.each(COMPARISONS)('behaves like pd-send: $title', async (comparison) => {
    const [node, system, busybox] = await Promise.all([
      commands.run(commands.inNode, comparison),
      commands.run(commands.inShell('/bin/sh'), comparison),
      commands.run(commands.inShell(toolPath('busybox'), 'sh'), comparison),
    ]);
    expect(system).toEqual(node);
    expect(busybox).toEqual(node);
  });

  it('decodes invalid UTF-8 as Node and browsers do', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(http.createServer(respondWith(seen, [202, SUCCESS])));
    // Cut characters, surrogates, overlong forms, code points that do not exist, stray bytes, a cut one at the end.
    const bytes =
      '\\342\\202A\\355\\240\\200\\300\\200\\340\\200\\200\\360\\237\\230\\364\\220\\200\\200\\365\\377é"\\303';
    const script = `bytes=$(printf '${bytes}'); exec "$@" -d "$bytes" -f "x=$bytes"`;
    const environment = { PATH: commands.programs, PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}` };
    const words = ['-k', KEY, '-t', 'trigger', '-i', 'a'];
    for (const program of [commands.inNode, commands.inShell('/bin/sh'), commands.inShell(toolPath('busybox'), 'sh')]) {
      const result = await runProgram(['/bin/sh', '-c', script, 'sh', ...program, ...words], environment);
      expect(result).toMatchObject({ code: 0, stderr: '' });
    }
    const [node, system, busybox] = seen.map(({ body }) => body);
    expect(node).toContain('\ufffdA\ufffd');
    expect(system).toBe(node);
    expect(busybox).toBe(node);
  });

  it('shows neither key nor password nor token in the process list', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(http.createServer(respondWith(seen, [202, SUCCESS])));
    const place = path.join(folder, 'spy');
    await mkdir(place);
    const spy = await spyOnCurl(place, toolPath('curl'));
    const result = await shell(TRIGGER, {
      PATH: spy.path,
      PDSEND_EVENTS_BASE_URL: `http://me:se%40cret@127.0.0.1:${port}/`,
      PDSEND_TOKEN: 'hunter2',
    });
    expect(result).toEqual({ code: 0, stdout: 'Event processed. Incident Key: a\n', stderr: '' });
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:se@cret').toString('base64')}`);
    expect(seen[0]?.headers['x-pdaltagent-token']).toBe('hunter2');
    const shown = await readFile(spy.notes, 'utf8');
    expect(shown).toContain('Content-Type: application/json');
    expect(shown).not.toMatch(new RegExp(`${KEY}|cret|Disk|hunter2`));
  });

  it('reads key and token from files', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(http.createServer(respondWith(seen, [202, SUCCESS])));
    const environment = {
      PDSEND_EVENTS_BASE_URL: `http://127.0.0.1:${port}/`,
      PDSEND_KEY_FILE: path.join(folder, 'key file'),
      PDSEND_TOKEN_FILE: path.join(folder, 'token file'),
    };
    await writeFile(environment.PDSEND_KEY_FILE, `${KEY}\n`);
    await writeFile(environment.PDSEND_TOKEN_FILE, 'hunter2');
    for (const program of [commands.inNode, commands.inShell('/bin/sh'), commands.inShell(toolPath('busybox'), 'sh')]) {
      const result = await runProgram([...program, ...TRIGGER.slice(2)], { PATH: commands.programs, ...environment });
      expect(result).toMatchObject({ code: 0, stderr: '' });
    }
    expect(seen).toHaveLength(3);
    for (const { headers, body } of seen) {
      expect(headers['x-pdaltagent-token']).toBe('hunter2');
      expect(JSON.parse(body)).toMatchObject({ routing_key: KEY });
    }
  });

  it('sends the token to the gateway only, not to the default address', async () => {
    const seen: SeenRequest[] = [];
    // The proxy handles all addresses; the tunnel to PagerDuty that pd-send requests is refused.
    const asked: IncomingMessage['headers'][] = [];
    const proxy = http.createServer(respondWith(seen, [202, SUCCESS]));
    proxy.on('connect', ({ headers }: IncomingMessage, socket: Socket) => {
      asked.push(headers);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const port = await listen(proxy);
    const environment = { PDSEND_TOKEN: 'hunter2', https_proxy: `http://127.0.0.1:${port}` };
    const place = path.join(folder, 'told');
    await mkdir(place);
    // Prints curl's configuration from file descriptor 3.
    await writeFile(path.join(place, 'curl'), `#!/bin/sh\n[ ! -e /dev/fd/3 ] || cat <&3 >>'${place}/told'\nexit 7\n`);
    await chmod(path.join(place, 'curl'), 0o755);
    const result = await shell(TRIGGER, { ...environment, PATH: `${place}:${commands.programs}:/usr/bin:/bin` });
    expect(result.stderr).toContain('cannot reach https://events.pagerduty.com');
    expect(await readFile(path.join(place, 'told'), 'utf8')).not.toContain('hunter2');

    await shell(TRIGGER, { ...environment, PDSEND_EVENTS_BASE_URL: 'https://gateway.invalid' });
    expect(asked).toHaveLength(4);
    for (const headers of asked) expect(headers).not.toHaveProperty('x-pdaltagent-token');
  });

  it('reports that curl is missing', async () => {
    const result = await shell(TRIGGER, { PATH: '/nowhere', PDSEND_EVENTS_BASE_URL: 'http://127.0.0.1:9' });
    expect(result).toEqual({ code: 1, stdout: '', stderr: 'pd-send: curl is not installed\n' });
  });

  it('rejects an untrusted certificate and names the variables that help', async () => {
    const certificate = await generate([{ name: 'commonName', value: 'gateway' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const PDSEND_CA_FILE = path.join(folder, 'ca.pem');
    await writeFile(PDSEND_CA_FILE, certificate.cert);
    const pair = { cert: certificate.cert, key: certificate.private };
    const server = https.createServer(pair, respondWith([], [202, SUCCESS]));
    const PDSEND_EVENTS_BASE_URL = `https://127.0.0.1:${await listen(server)}`;

    const refused = await shell(TRIGGER, { PDSEND_EVENTS_BASE_URL });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^pd-send: the certificate of https:\/\/127\.0\.0\.1:\d+ is not trusted: .*; set PDSEND_CA_FILE to a file with its authority, or trust any certificate with PDSEND_SKIP_CERT_VERIFY=true\n$/,
    );
    expect(await shell(TRIGGER, { PDSEND_EVENTS_BASE_URL, PDSEND_CA_FILE })).toMatchObject({ code: 0, stderr: '' });
    const elsewhere = PDSEND_EVENTS_BASE_URL.replace('127.0.0.1', 'localhost');
    const misnamed = await shell(TRIGGER, { PDSEND_EVENTS_BASE_URL: elsewhere, PDSEND_CA_FILE });
    expect(misnamed.code).toBe(1);
    expect(misnamed.stderr).toMatch(
      /^pd-send: the certificate of https:\/\/localhost:\d+ is for another name: .*; use one of its names in PDSEND_EVENTS_BASE_URL, or add the host to PDAGENTD_TLS_NAMES of the gateway\n$/,
    );
    const skipped = await shell(TRIGGER, { PDSEND_EVENTS_BASE_URL, PDSEND_SKIP_CERT_VERIFY: 'ON' });
    expect(skipped).toMatchObject({
      code: 0,
      stderr: 'pd-send: warning: PDSEND_SKIP_CERT_VERIFY is on: the connection is not protected against interception\n',
    });
  });

  it('uses a proxy, even if the variable is in upper case', async () => {
    const seen: SeenRequest[] = [];
    const port = await listen(http.createServer(respondWith(seen, [202, SUCCESS])));
    const result = await shell(TRIGGER, {
      PDSEND_EVENTS_BASE_URL: 'http://gateway.invalid:8080',
      HTTP_PROXY: `http://127.0.0.1:${port}`,
    });
    expect(result.code).toBe(0);
    expect(seen[0]).toMatchObject({ headers: { host: 'gateway.invalid:8080' } });
  });
});
