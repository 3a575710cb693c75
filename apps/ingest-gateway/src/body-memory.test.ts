import { ManualClock } from '@pdaltagent/testing';
import { type AbortReason, BodyMemory, type BodyReservation, SMALL_BODY_BYTES } from './body-memory';

const UNIT = SMALL_BODY_BYTES;

let clock: ManualClock;
let memory: BodyMemory;
let aborted: [client: string, reason: AbortReason][];
beforeEach(() => {
  clock = new ManualClock();
  // For four small bodies and four large ones of twice their size.
  memory = new BodyMemory({ smallBytes: 4 * UNIT, largeBytes: 8 * UNIT });
  memory.watch(clock);
  aborted = [];
});

function begin(client: string, declared = 0): BodyReservation {
  const body = memory.reserve(client, declared);
  body.begin((reason) => aborted.push([client, reason]));
  return body;
}

/** Whether a body gets memory for all its bytes. */
const fits = (client: string, bytes: number): boolean => {
  const body = begin(client, bytes);
  const isAllocated = body.grow(bytes);
  body.release();
  return isAllocated;
};

it('keeps memory for small bodies that large ones cannot use, with or without a Content-Length', () => {
  for (const client of ['a', 'b', 'c', 'd']) expect(begin(client, 2 * UNIT).grow(2 * UNIT)).toBe(true);
  expect(fits('e', 2 * UNIT)).toBe(false);
  const growing = begin('e');
  expect(growing.grow(UNIT)).toBe(true);
  expect(growing.grow(1)).toBe(false);
  growing.release();
  for (const client of ['e', 'f', 'g', 'h']) expect(begin(client).grow(UNIT)).toBe(true);
});

it('gives one client three quarters of a pool at most', () => {
  for (let count = 0; count < 3; count += 1) expect(begin('a').grow(UNIT)).toBe(true);
  expect(fits('a', 1)).toBe(false);
  expect(fits('b', UNIT)).toBe(true);
});

it('evicts the oldest of small bodies that arrive slowly, from any number of clients, if another one needs memory', () => {
  for (const client of ['a', 'b', 'c', 'd']) begin(client).grow(UNIT);
  clock.advance(1_000);
  expect(fits('e', UNIT)).toBe(false);
  clock.advance(1_000);
  expect(fits('e', UNIT)).toBe(true);
  expect(aborted).toEqual([['a', 'evicted']]);
});

it('counts the headers of requests, which are held with their bodies', () => {
  for (const client of ['a', 'b', 'c', 'd']) expect(begin(client).growForHeaders(UNIT)).toBe(true);
  expect(begin('e').growForHeaders(1)).toBe(false);
  expect(fits('e', 1)).toBe(false);
});

it('frees headers with their body, also of one that has grown into the memory for large ones', () => {
  const body = begin('a');
  expect([body.growForHeaders(UNIT / 2), body.grow(UNIT), body.isLarge]).toEqual([true, true, false]);
  expect([body.grow(1), body.isLarge, body.bodyBytes]).toEqual([true, true, UNIT + 1]);
  body.release();
  for (const client of ['a', 'b', 'c', 'd']) expect(begin(client).grow(UNIT)).toBe(true);
  for (const client of ['a', 'b', 'c', 'd']) expect(begin(client, 2 * UNIT).grow(2 * UNIT)).toBe(true);
});

it('headers do not count for the rate of a body', () => {
  const body = begin('a');
  body.growForHeaders(UNIT);
  body.grow(1);
  clock.advance(10_000);
  expect(aborted).toEqual([['a', 'too-slow']]);
});

it('never evicts a complete body: it is waiting to be published', () => {
  for (const client of ['a', 'b', 'c', 'd']) {
    const body = begin(client);
    body.grow(UNIT);
    body.complete();
  }
  clock.advance(60_000);
  expect(fits('e', 1)).toBe(false);
  expect(aborted).toEqual([]);
});

it('has all its memory again once everything is released', () => {
  const bodies = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((client) => [begin(client), begin(client, 2 * UNIT)]);
  for (const body of bodies) body.grow(UNIT);
  for (const body of bodies) body.grow(1);
  clock.advance(10_000);
  for (const body of bodies) body.release();
  for (const client of ['a', 'b', 'c', 'd']) {
    expect(begin(client).grow(UNIT)).toBe(true);
    expect(begin(client, 2 * UNIT).grow(2 * UNIT)).toBe(true);
  }
});
