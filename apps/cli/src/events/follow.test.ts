import { MINUTE, NOW } from '../cli.fixture';
import {
  accepted,
  deadLettered,
  delivered,
  failed,
  FakeStream,
  GATEWAY,
  messageOf,
  WORKER,
} from '../journal/journal.fixture';
import { type Terminal } from '../terminal';
import { FollowedLines } from './follow';
import { type Selection } from './selection';
import { MessageTable } from './table';

const NEVER = Number.NEGATIVE_INFINITY;
const LATER = Number.POSITIVE_INFINITY;

/** What is printed for facts, and once the time has come to show what still waits. */
function linesOf(stream: FakeStream, selection: Selection = { words: [] }, now = NEVER, isJson = false): string[] {
  let out = '';
  const terminal: Terminal = {
    environment: {},
    input: (async function* () {})(),
    out: (text) => (out += text),
    error: () => undefined,
    now: () => NOW,
    interactive: false,
    showsColour: false,
    showsProgress: false,
    columns: 120,
    ask: () => Promise.resolve(''),
  };
  const lines = new FollowedLines(terminal, selection, [], isJson ? undefined : new MessageTable(terminal, undefined));
  for (const placed of stream.placed()) lines.add(placed);
  lines.showWaiting(now);
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (isJson ? line : line.slice(22).replace(/ {2,}/g, '|')));
}

const MESSAGE = messageOf();

it('shows an event that is delivered at once in one line', () => {
  const stream = new FakeStream().add(GATEWAY, accepted(MESSAGE)).add(WORKER, delivered(MESSAGE));
  expect(linesOf(stream, { words: [] }, LATER)).toEqual(['delivered|1|…d1a6|trigger|db1/disk|Disk is full']);
});

it('shows an event that still waits a while after it was accepted, and not before', () => {
  const stream = new FakeStream().add(GATEWAY, accepted(MESSAGE));
  expect(linesOf(stream)).toEqual([]);
  expect(linesOf(stream, { words: [] }, LATER)).toEqual(['waiting|0|…d1a6|trigger|db1/disk|Disk is full']);
});

it('shows the first of equal failures, another one, and the end', () => {
  const stream = new FakeStream()
    .add(GATEWAY, accepted(MESSAGE))
    .add(WORKER, failed(MESSAGE, 1), failed(MESSAGE, 2), { ...failed(MESSAGE, 3), status: 500 }, deadLettered(MESSAGE));
  expect(linesOf(stream).map((line) => line.split('|').slice(0, 2))).toEqual([
    ['waiting: server-error 503', '1'],
    ['waiting: server-error 500', '3'],
    ['dead-letter: rejected 400', '3'],
  ]);
});

it('shows between them what concerns all, unless messages are selected', () => {
  const stream = new FakeStream().add(
    WORKER,
    { kind: 'circuit', group: 'events', state: 'open', at: NOW - MINUTE },
    { kind: 'lane-taken', group: 'events', lane: 3 },
    { kind: 'key-throttled', group: 'events', key: '…d1a6' },
  );
  expect(linesOf(stream)).toEqual(['the destination of events is unreachable', 'key …d1a6 is throttled']);
  expect(linesOf(stream, { words: [], group: 'webhooks' })).toEqual([]);
  expect(linesOf(stream, { words: ['disk'] })).toEqual([]);
});

it('shows a message again when it leaves the state that was asked for', () => {
  const stream = new FakeStream()
    .add(GATEWAY, accepted(MESSAGE))
    .add(WORKER, failed(MESSAGE), delivered(MESSAGE, 2), delivered(messageOf({ id: 'e2' })));
  const states = linesOf(stream, { words: [], states: new Set(['waiting']) }).map((line) => line.split('|')[0]);
  expect(states).toEqual(['waiting: server-error 503', 'delivered']);
});

it('prints JSON in the form of the list', () => {
  const stream = new FakeStream().add(GATEWAY, accepted(MESSAGE)).add(WORKER, delivered(MESSAGE));
  const lines = linesOf(stream, { words: [] }, NEVER, true).map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([{ id: 'e1', state: 'delivered', summary: 'Disk is full' }]);
});
