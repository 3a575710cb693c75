import { Ledger } from './ledger';

function ledgerOf(accepted: string, delivered: string): Ledger {
  const ledger = new Ledger();
  for (const entry of accepted.split(' ').filter(Boolean)) ledger.accepted(entry.charAt(0), Number(entry.slice(1)));
  for (const entry of delivered.split(' ').filter(Boolean)) ledger.delivered(entry.charAt(0), Number(entry.slice(1)));
  return ledger;
}

const clean = { lost: [], unexpected: [], duplicates: [], inversions: [], replays: [] };

describe('Ledger', () => {
  it('finds nothing when all arrive once and in order, alerts mixed as they like', () => {
    const ledger = ledgerOf('a1 a2 b1 b2', 'b1 a1 b2 a2');
    expect(ledger.report()).toEqual({ accepted: 4, delivered: 4, ...clean });
    expect(ledger.isComplete()).toBe(true);
  });

  it('names what was accepted and never delivered', () => {
    const ledger = ledgerOf('a1 a2', 'a2');
    expect(ledger.report().lost).toEqual([{ alert: 'a', sequence: 1 }]);
    expect(ledger.isComplete()).toBe(false);
    expect(ledger.format()).toContain('lost: 1 (a #1)');
  });

  it('names what was delivered and never sent', () => {
    expect(ledgerOf('a1', 'a1 c1').report().unexpected).toEqual([{ alert: 'c', sequence: 1 }]);
  });

  it('does not call an event lost or unexpected whose answer never came', () => {
    const ledger = ledgerOf('a1', 'a1 a2');
    ledger.sent('a', 2);
    ledger.sent('a', 3);
    expect(ledger.report()).toMatchObject({ lost: [], unexpected: [] });
  });

  it('tells a repeat at once from a repeat behind a later event', () => {
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

  it('names first arrivals that come behind a later event of their alert', () => {
    expect(ledgerOf('a1 a2 a3', 'a1 a3 a2').report()).toMatchObject({
      inversions: [{ alert: 'a', sequence: 2 }],
      duplicates: [],
    });
  });
});
