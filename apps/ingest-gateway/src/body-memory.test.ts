import { ManualClock } from '@pdaltagent/testing';
import { type BodyEnd, BodyMemory, type HeldBody, SMALL_BODY_BYTES } from './body-memory';

const UNIT = SMALL_BODY_BYTES;

let clock: ManualClock;
let memory: BodyMemory;
let ended: [client: string, why: BodyEnd][];
beforeEach(() => {
  clock = new ManualClock();
  // Room for four small bodies and four large ones of twice their size.
  memory = new BodyMemory({ smallBytes: 4 * UNIT, largeBytes: 8 * UNIT });
  memory.watch(clock);
  ended = [];
});

function begin(client: string, announced = 0): HeldBody {
  const body = memory.open(client, announced);
  body.coming((why) => ended.push([client, why]));
  return body;
}

/** Whether a body of one of the two sizes gets all its room. */
const fits = (client: string, bytes: number): boolean => {
  const body = begin(client, bytes);
  const isHeld = body.hold(bytes);
  body.release();
  return isHeld;
};

it('keeps room for small bodies that large ones cannot take, announced or not', () => {
  for (const client of ['a', 'b', 'c', 'd']) expect(begin(client, 2 * UNIT).hold(2 * UNIT)).toBe(true);
  expect(fits('e', 2 * UNIT)).toBe(false);
  const growing = begin('e');
  expect(growing.hold(UNIT)).toBe(true);
  expect(growing.hold(1)).toBe(false);
  growing.release();
  for (const client of ['e', 'f', 'g', 'h']) expect(begin(client).hold(UNIT)).toBe(true);
});

it('gives one client three quarters of the room at most', () => {
  for (let count = 0; count < 3; count += 1) expect(begin('a').hold(UNIT)).toBe(true);
  expect(fits('a', 1)).toBe(false);
  expect(fits('b', UNIT)).toBe(true);
});

it('ends the oldest of small bodies that come slowly, from whatever number of clients, where another needs room', () => {
  for (const client of ['a', 'b', 'c', 'd']) begin(client).hold(UNIT);
  clock.advance(1_000);
  expect(fits('e', UNIT)).toBe(false);
  clock.advance(1_000);
  expect(fits('e', UNIT)).toBe(true);
  expect(ended).toEqual([['a', 'evicted']]);
});

it('ends no body that has come whole: it waits to be published', () => {
  for (const client of ['a', 'b', 'c', 'd']) {
    const body = begin(client);
    body.hold(UNIT);
    body.whole();
  }
  clock.advance(60_000);
  expect(fits('e', 1)).toBe(false);
  expect(ended).toEqual([]);
});

it('has all its room again once everything is released, whatever happened', () => {
  const bodies = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((client) => [begin(client), begin(client, 2 * UNIT)]);
  for (const body of bodies) body.hold(UNIT);
  for (const body of bodies) body.hold(1);
  clock.advance(10_000);
  for (const body of bodies) body.release();
  for (const client of ['a', 'b', 'c', 'd']) {
    expect(begin(client).hold(UNIT)).toBe(true);
    expect(begin(client, 2 * UNIT).hold(2 * UNIT)).toBe(true);
  }
});
