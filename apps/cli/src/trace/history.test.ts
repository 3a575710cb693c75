import { type FactStream, JournalUnavailable } from '@pdaltagent/journal';
import { MINUTE, NOW } from '../cli.fixture';
import {
  accepted,
  deadLettered,
  delivered,
  failed,
  FakeStream,
  GATEWAY,
  messageOf,
  OPERATOR,
  replayed,
  WORKER,
} from '../journal/journal.fixture';
import { type Terminal } from '../terminal';
import { historyOf } from './history';
import { historyLines } from './timeline-text';

const MESSAGE = messageOf();
const TERMINAL: Terminal = {
  environment: {},
  input: (async function* () {})(),
  out: () => undefined,
  error: () => undefined,
  now: () => NOW,
  interactive: false,
  showsColour: false,
  showsProgress: false,
  columns: 120,
  ask: () => Promise.resolve(''),
};

/** Without the times. */
async function linesOf(stream: FactStream, name: string, key?: string): Promise<string[]> {
  const lines = historyLines(await historyOf(TERMINAL, stream, { name, key }));
  return lines.map((line) => line.replace(/^ {2}20\S+ {2}/, '  '));
}

it('tells each attempt, the replay and the delivery in order of cause, although the operator’s clock is an hour behind', async () => {
  const stream = new FakeStream()
    .add(OPERATOR, { ...replayed(MESSAGE), at: NOW - 70 * MINUTE })
    .add(WORKER, failed(MESSAGE), deadLettered(MESSAGE), delivered(MESSAGE, 1))
    .add(GATEWAY, accepted(MESSAGE));
  expect(await linesOf(stream, 'e1')).toEqual([
    '',
    'history of e1: trigger of db1/disk, key …d1a6: delivered',
    '  Disk is full (critical, db1)',
    '  accepted by ingest-gateway on gw1: 312 bytes',
    '  attempt 1: server-error 503 after 120 ms, by delivery-worker on w1',
    '  dead letter: rejected 400, by delivery-worker on w1: invalid event',
    '  sent again by ann@bastion',
    '  attempt 1: delivered, 202 after 98 ms, by delivery-worker on w1',
  ]);
});

it('tells what delayed the message’s key, and nothing of other keys', async () => {
  const key = { group: 'events', key: '…d1a6' } as const;
  const stream = new FakeStream()
    .add(GATEWAY, accepted(MESSAGE))
    .add(
      WORKER,
      { kind: 'key-throttled', ...key, digest: 'digest' },
      { kind: 'key-throttled', ...key, digest: 'of another key' },
      delivered(MESSAGE),
      { kind: 'key-parked', ...key, digest: 'digest', lane: 1, siding: 0 },
    );
  expect((await linesOf(stream, 'db1/disk')).slice(3, 6)).toEqual([
    '  accepted by ingest-gateway on gw1: 312 bytes',
    '  key …d1a6 is throttled',
    '  attempt 1: delivered, 202 after 98 ms, by delivery-worker on w1',
  ]);
});

it('tells the latest events of an alert, and how many there were before', async () => {
  const stream = new FakeStream();
  for (let number = 0; number < 100; number += 1)
    stream.add(GATEWAY, accepted(messageOf({ id: `e${number}`, accepted: NOW - MINUTE + number })));
  const lines = await linesOf(stream, 'db1/disk');
  expect(lines).toContain('and 80 earlier: pdaltagent events --dedup-key lists them');
  expect(lines.filter((line) => line.startsWith('history of')).at(-1)).toMatch(/^history of e99:/);
});

it('tells nothing of the same alert of another key', async () => {
  const stream = new FakeStream().add(GATEWAY, accepted(MESSAGE), accepted(messageOf({ id: 'e2', key: '…77ff' })));
  const lines = await linesOf(stream, 'db1/disk', 'R0123456789ABCDEFGHIJKLMNOPQ77ff');
  expect(lines.filter((line) => line.startsWith('history of'))).toEqual([
    'history of e2: trigger of db1/disk, key …77ff: waiting',
  ]);
});

it('says which facts are missing', async () => {
  const stream = new FakeStream()
    .add(GATEWAY, accepted(MESSAGE))
    .add(WORKER, failed(MESSAGE))
    .skip(WORKER)
    .add(WORKER, delivered(MESSAGE, 3));
  expect(await linesOf(stream, 'e1')).toContainEqual(
    expect.stringMatching(/^ {2}missing: some facts of delivery-worker on w1, 20\S+ to [\d:]+Z$/),
  );
});

it('says why there is no history', async () => {
  const refused: FactStream = {
    read: async function* () {
      await Promise.resolve();
      throw new JournalUnavailable('refused', 'user ‘ann’ may not read it');
      yield* [];
    },
  };
  expect(await linesOf(refused, 'e1')).toEqual(['no history: user ‘ann’ may not read it']);
});
