import { ManualClock } from '@pdaltagent/testing';
import { setImmediate as turn } from 'node:timers/promises';
import { MemoryBudget } from './memory-budget';

function harness() {
  const clock = new ManualClock();
  const exceeded = jest.fn();
  const budget = new MemoryBudget(100, clock, exceeded);
  const opened: string[] = [];
  /** A queue whose first messages have this many bytes. */
  const open = (name: string, bytes: number, { isUrgent = false, signal = new AbortController().signal } = {}) =>
    budget.open(name, isUrgent, signal, () => {
      opened.push(name);
      budget.add(bytes);
      return Promise.resolve();
    });
  return { clock, exceeded, budget, opened, open };
}

it('opens queues one after another while less than half of it is held, urgent ones first', async () => {
  const { budget, opened, open } = harness();
  void open('siding 0', 30);
  void open('siding 1', 30);
  void open('siding 2', 30);
  void open('lane', 30, { isUrgent: true });
  await turn();
  expect(opened).toEqual(['siding 0', 'lane']);
  budget.remove(30);
  await turn();
  expect(opened).toEqual(['siding 0', 'lane', 'siding 1']);
});

it('opens the lane next that was opened least recently', async () => {
  const { budget, opened, open } = harness();
  for (const lane of ['one', 'two', 'one', 'three', 'two']) void open(lane, 60, { isUrgent: true });
  for (let turns = 1; turns < 5; turns += 1) {
    await turn();
    budget.remove(60);
  }
  await turn();
  expect(opened).toEqual(['one', 'two', 'three', 'one', 'two']);
});

it('opens a siding that has waited for half a minute although lanes wait, and its lane was taken again meanwhile', async () => {
  const { clock, budget, opened, open } = harness();
  await open('lane', 60, { isUrgent: true });
  const released = new AbortController();
  const waiting = open('siding', 60, { signal: released.signal });
  clock.advance(29_000);
  released.abort(new Error('released'));
  await expect(waiting).rejects.toThrow('released');
  void open('lane', 60, { isUrgent: true });
  void open('siding', 60);
  budget.remove(60);
  await turn();
  expect(opened).toEqual(['lane', 'lane']);
  void open('lane', 60, { isUrgent: true });
  clock.advance(1_000);
  budget.remove(60);
  await turn();
  expect(opened).toEqual(['lane', 'lane', 'siding']);
});

it('does not open a queue of a lane that was lost meanwhile', async () => {
  const { budget, opened, open } = harness();
  budget.add(60);
  const lost = new AbortController();
  const opening = open('lost', 0, { signal: lost.signal });
  void open('other', 0);
  lost.abort(new Error('the lane was lost'));
  await expect(opening).rejects.toThrow('the lane was lost');
  budget.remove(60);
  await turn();
  expect(opened).toEqual(['other']);
});

it('opens others although one does not answer, and says for how long they wait', async () => {
  const { clock, budget, opened, open } = harness();
  void budget.open('silent', true, new AbortController().signal, () => new Promise(() => undefined));
  void open('other', 0);
  await turn();
  clock.advance(999);
  expect([opened, budget.waitsForMs]).toEqual([[], 999]);
  clock.advance(1);
  await turn();
  expect([opened, budget.waitsForMs]).toEqual([['other'], 0]);
});

it('reports at each check that more is held', () => {
  const { budget, exceeded } = harness();
  budget.add(100);
  budget.check();
  expect(exceeded).not.toHaveBeenCalled();
  budget.add(1);
  budget.check();
  expect(exceeded).toHaveBeenCalledTimes(1);
  expect(budget.held).toBe(101);
});

it('a siding that waited before its lane had another owner does not come before lanes', async () => {
  const { clock, budget, opened, open } = harness();
  await open('lane', 60, { isUrgent: true });
  const released = new AbortController();
  const waiting = open('siding', 60, { signal: released.signal });
  clock.advance(29_000);
  released.abort(new Error('released'));
  await expect(waiting).rejects.toThrow('released');
  clock.advance(3_600_000);
  void open('siding', 60);
  void open('lane', 60, { isUrgent: true });
  clock.advance(1_000);
  budget.remove(60);
  await turn();
  expect(opened).toEqual(['lane', 'lane']);
});
