import { inflateRawSync } from 'node:zlib';
import { FactBuffer, type WaitingBatch } from './fact-buffer';

const LINE = '{"kind":"gap"}';

function bufferOf(maximumBytes: number) {
  const dropped: number[] = [];
  return { dropped, buffer: new FactBuffer({ maximumBytes, onDropped: (facts) => dropped.push(facts) }) };
}

/** Everything that is to be sent. */
function sent(buffer: FactBuffer): readonly WaitingBatch[] {
  const batches: WaitingBatch[] = [];
  for (let batch = buffer.next(); batch !== undefined; batch = buffer.next()) batches.push(batch);
  return batches;
}

describe('the buffer', () => {
  it('makes batches in order, numbered from 0, with the lines that were added', () => {
    const { buffer } = bufferOf(10_000);
    buffer.add('1', 10);
    buffer.add('2', 20);
    buffer.close();
    buffer.close();
    buffer.add('3', 15);
    buffer.close();
    const batches = sent(buffer);
    expect(batches).toMatchObject([
      { sequence: 0, facts: 2, from: 10, to: 20 },
      { sequence: 1, facts: 1, from: 15, to: 15 },
    ]);
    expect(batches.map(({ body }) => inflateRawSync(body).toString())).toEqual(['1\n2\n', '3\n']);
  });

  it('says when a batch is full: after 500 facts, or with large ones earlier', () => {
    const { buffer } = bufferOf(10_000_000);
    const full = Array.from({ length: 500 }, () => buffer.add(LINE, 0));
    expect(full.indexOf(true)).toBe(499);
    buffer.close();
    expect(buffer.add('x'.repeat(300_000), 0)).toBe(true);
  });

  it('sends everything that is unconfirmed again, in order', () => {
    const { buffer } = bufferOf(10_000);
    for (const line of ['0', '1', '2']) {
      buffer.add(line, 0);
      buffer.close();
    }
    const [, second] = sent(buffer);
    if (second !== undefined) buffer.confirm(second);
    buffer.sendAgain();
    expect(sent(buffer).map(({ sequence }) => sequence)).toEqual([0, 2]);
  });

  it('is empty, and takes no memory, once everything is confirmed', () => {
    const { buffer } = bufferOf(10_000);
    buffer.add(LINE, 0);
    expect(buffer.isEmpty).toBe(false);
    buffer.close();
    for (const batch of sent(buffer)) buffer.confirm(batch);
    expect([buffer.isEmpty, buffer.bytes]).toEqual([true, 0]);
  });
});

describe('a full buffer', () => {
  it('drops the oldest batches, counts their facts, and is never larger than its limit', () => {
    const { buffer, dropped } = bufferOf(5_000);
    for (let batch = 0; batch < 20; batch += 1) {
      for (let fact = 0; fact < 10; fact += 1) buffer.add(LINE, batch * 100 + fact);
      buffer.close();
      buffer.add(LINE, batch * 100 + 99);
      expect(buffer.bytes).toBeLessThanOrEqual(5_000);
    }
    const kept = sent(buffer);
    const loss = buffer.takeLoss();
    expect(kept.at(-1)?.sequence).toBe(19);
    expect(kept[0]?.sequence).toBeGreaterThan(0);
    expect(loss).toMatchObject({ from: 0, to: ((kept[0]?.sequence ?? 0) - 1) * 100 + 9 });
    expect(loss?.facts).toBe(dropped.reduce((sum, facts) => sum + facts, 0));
    expect(buffer.takeLoss()).toBeUndefined();
  });

  it('drops a batch that may already have arrived only if there is no other', () => {
    const { buffer } = bufferOf(1_500);
    buffer.add('sent', 0);
    buffer.close();
    const [first] = sent(buffer);
    buffer.add('next', 1);
    buffer.close();
    buffer.add('x'.repeat(600), 2);
    expect(buffer.takeLoss()).toEqual({ facts: 1, from: 1, to: 1 });
    expect(buffer.oldestSent).toBe(first);
  });

  it('says of a batch that was dropped and arrives nevertheless that it does not wait for it', () => {
    const { buffer } = bufferOf(1_000);
    buffer.add('sent', 0);
    buffer.close();
    const [first] = sent(buffer);
    buffer.add('x'.repeat(900), 1);
    expect(first === undefined || buffer.confirm(first)).toBe(false);
    expect(buffer.takeLoss()).toMatchObject({ facts: 1 });
  });

  it('counts what a dropped fact said was lost before', () => {
    const { buffer } = bufferOf(1_000);
    buffer.add(LINE, 50, { facts: 100, from: 1, to: 40 });
    buffer.close();
    buffer.add('x'.repeat(900), 60);
    expect(buffer.takeLoss()).toEqual({ facts: 101, from: 1, to: 50 });
  });

  it('drops a fact that is larger than all of it', () => {
    const { buffer, dropped } = bufferOf(1_000);
    buffer.add('x'.repeat(2_000), 5);
    expect(dropped).toEqual([1]);
    expect([buffer.isEmpty, buffer.takeLoss()]).toEqual([true, { facts: 1, from: 5, to: 5 }]);
  });
});
