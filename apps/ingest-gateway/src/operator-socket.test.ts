import { type Erased, type EraseRequest } from '@pdaltagent/operations';
import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OperatorSocket } from './operator-socket';

const PERSON = 'ann@example.com';
const RESULT: Erased = { found: 2, erased: 2, problems: [] };

let folder: string;
let socket: OperatorSocket;
let log: RecordedLine[];
let asked: EraseRequest[];
let result: () => Promise<Erased>;

function open(name = '0.sock'): Promise<void> {
  const erase = (asking: EraseRequest) => {
    asked.push(asking);
    return result();
  };
  socket = new OperatorSocket({ path: path.join(folder, name), erase, log: recordingLogger(log) });
  return socket.start();
}

function post(body: string, url = '/erase'): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: path.join(folder, '0.sock'), path: url, method: 'POST' }, (response) => {
      let text = '';
      response.on('data', (part) => (text += String(part)));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asking.on('error', reject).end(body);
  });
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'operator-'));
  log = [];
  asked = [];
  result = () => Promise.resolve(RESULT);
});
afterEach(async () => {
  await socket.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('passes a request on, and logs what was done, but not what was searched for', async () => {
  await open();
  const criterion = { kind: 'text', value: PERSON };
  expect(await post(JSON.stringify({ criterion, dryRun: false }))).toEqual({
    status: 200,
    text: JSON.stringify({ spool: RESULT }),
  });
  expect(asked).toEqual([{ criterion, dryRun: false }]);
  expect(log.map(({ level, fields }) => [level, fields])).toEqual([
    ['info', { by: 'text', dryRun: false, found: 2, erased: 2, problems: [] }],
  ]);
  expect(JSON.stringify(log)).not.toContain(PERSON);
});

it.each([
  ['text that is no JSON', `"${PERSON}`, 500],
  ['an unknown criterion', JSON.stringify({ criterion: { kind: 'name', value: PERSON }, dryRun: false }), 400],
  ['an empty text', JSON.stringify({ criterion: { kind: 'text', value: '' }, dryRun: false }), 400],
  ['a request of 100 KB', JSON.stringify({ criterion: { kind: 'text', value: 'x'.repeat(100_000) } }), 500],
])('%s is refused, and not logged', async (_name, body, status) => {
  await open();
  const response = await post(body);
  expect(response.status).toBe(status);
  expect(asked).toEqual([]);
  expect(JSON.stringify([log, response])).not.toMatch(/ann@example|xxx/);
});

it('can be used by the gateway’s user only, and is gone when the gateway stops', async () => {
  // What a crash has left.
  writeFileSync(path.join(folder, '0.sock'), '');
  await open();
  expect(statSync(path.join(folder, '0.sock')).mode & 0o777).toBe(0o600);
  expect((await post('{}', '/metrics')).status).toBe(404);
  await socket.stop();
  expect(existsSync(path.join(folder, '0.sock'))).toBe(false);
});

it('a path that is too long for a socket is logged, and does not keep the gateway from starting', async () => {
  await open(`${'long-'.repeat(30)}.sock`);
  expect(log.map(({ level, fields }) => [level, fields['error']])).toEqual([
    ['warn', expect.stringContaining('107 bytes')],
  ]);
});
