import { drainDeadlineOf, SEND_UNTIL_MS } from './drain-deadline';
import { type Fault, type FaultKind } from './faults';

/** How long after the senders everything must be drained; ms. */
function afterSenders(rate: number, ...kinds: readonly FaultKind[]): number {
  const faults = kinds.map((kind): Fault => ({ kind, at: 15_000, ms: 15_000, target: 0 }));
  return drainDeadlineOf(faults, rate) - SEND_UNTIL_MS;
}

describe('a world must be drained', () => {
  it('as soon after a change of leaders as after a worker was killed', () => {
    const killed = afterSenders(Infinity, 'a worker is killed');
    expect(killed).toBeLessThan(60_000);
    expect(afterSenders(Infinity, "a lane's leader changes")).toBe(killed);
  });

  it('sooner if it has no faults, and later if it loses a node, or its backlog raises an alarm', () => {
    expect(afterSenders(Infinity)).toBeLessThan(afterSenders(Infinity, 'a worker is killed'));
    expect(afterSenders(Infinity, 'a worker is killed', 'a node is killed')).toBe(75_000);
    expect(afterSenders(Infinity, 'a node is killed', 'the backlog raises an alarm')).toBe(135_000);
  });

  it('the same time after a fault that lasts longer than others, which counts from its end', () => {
    const longer = afterSenders(Infinity, 'a key is slow') - afterSenders(Infinity, 'a key hangs');
    expect(longer).toBe(15_000 + 15_000 + 70_000 - SEND_UNTIL_MS);
  });

  it('later if PagerDuty accepts fewer events than the noisiest senders send', () => {
    expect(afterSenders(240)).toBe(afterSenders(Infinity));
    expect(afterSenders(120)).toBe(afterSenders(Infinity) + 120_000);
  });
});
