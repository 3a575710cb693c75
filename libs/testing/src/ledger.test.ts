import { Ledger } from './ledger';

function ledgerOf(accepted: string, delivered: string): Ledger {
  const ledger = new Ledger();
  for (const entry of accepted.split(' ').filter(Boolean))
    ledger.recordAccepted(entry.charAt(0), Number(entry.slice(1)));
  for (const entry of delivered.split(' ').filter(Boolean))
    ledger.recordDelivered(entry.charAt(0), Number(entry.slice(1)));
  return ledger;
}

const clean = { lost: [], unexpected: [], duplicates: [], inversions: [], replays: [] };

describe('Ledger', () => {
  it('reports nothing if every event arrives once and in order, with alerts interleaved', () => {
    const ledger = ledgerOf('a1 a2 b1 b2', 'b1 a1 b2 a2');
    expect(ledger.report()).toEqual({ accepted: 4, delivered: 4, ...clean });
    expect(ledger.isComplete()).toBe(true);
  });

  it('names events accepted but never delivered', () => {
    const ledger = ledgerOf('a1 a2', 'a2');
    expect(ledger.report().lost).toEqual([{ alert: 'a', sequence: 1 }]);
    expect(ledger.isComplete()).toBe(false);
    expect(ledger.format()).toContain('lost: 1 (a #1)');
  });

  it('names events delivered but never sent', () => {
    expect(ledgerOf('a1', 'a1 c1').report().unexpected).toEqual([{ alert: 'c', sequence: 1 }]);
  });

  it('counts an event without a response as neither lost nor unexpected', () => {
    const ledger = ledgerOf('a1', 'a1 a2');
    ledger.recordSent('a', 2);
    ledger.recordSent('a', 3);
    expect(ledger.report()).toMatchObject({ lost: [], unexpected: [] });
  });

  it('distinguishes an immediate repeat from one after a later event', () => {
    expect(ledgerOf('a1 a2', 'a1 a1 a2').report()).toMatchObject({
      duplicates: [{ alert: 'a', sequence: 1 }],
      replays: [],
    });
    expect(ledgerOf('a1 a2', 'a1 a2 a1').report()).toMatchObject({
      duplicates: [{ alert: 'a', sequence: 1 }],
      replays: [{ alert: 'a', sequence: 1 }],
      inversions: [],
    });
  });

  it('names events first delivered after a later event of their alert', () => {
    expect(ledgerOf('a1 a2 a3', 'a1 a3 a2').report()).toMatchObject({
      inversions: [{ alert: 'a', sequence: 2 }],
      duplicates: [],
    });
  });
});
