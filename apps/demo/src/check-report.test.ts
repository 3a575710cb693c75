import { Ledger } from '@pdaltagent/testing';
import { checkPlan } from './check-plan';
import { checkReport, type CheckResults } from './check-report';
import { type Webhook } from './receiver';

const incident = { id: 'I1', number: 1, title: 'A' };
const webhook = (logEntry: string): Webhook => ({ receivedAt: 0, event: 'incident.trigger', logEntry, incident });
const entry = (id: string) => ({ id, type: 'trigger_log_entry' });

/** A successful check: each event accepted and delivered, two log entries and their webhooks. */
function allWell(): CheckResults {
  const plan = checkPlan().flat();
  const ledger = new Ledger();
  for (const { alert, sequence } of plan) {
    ledger.recordAccepted(alert, sequence);
    ledger.recordDelivered(alert, sequence);
  }
  const entries = [entry('E1'), entry('E2')];
  return {
    plan,
    refused: [],
    ledger: ledger.report(),
    entries,
    webhooks: [webhook('E1'), webhook('E2')],
    loggedErrors: [],
  };
}

describe('the report of --check', () => {
  it('covers 200 events and reports no failure if all is well', () => {
    const { table, failures } = checkReport(allWell());
    expect(failures).toEqual([]);
    expect(table).toMatch(/accepted by the gateway +200 +200 +ok/);
    expect(table).not.toContain('WRONG');
  });

  it.each<[string, (results: CheckResults) => Partial<CheckResults>]>([
    [
      'check-01 #3 (acknowledge) is lost',
      ({ ledger }) => ({ ledger: { ...ledger, lost: [{ alert: 'check-01', sequence: 3 }] } }),
    ],
    [
      'more than once: check-02 #5 (resolve)',
      ({ ledger }) => ({ ledger: { ...ledger, duplicates: [{ alert: 'check-02', sequence: 5 }] } }),
    ],
    [
      'out of order: check-03 #1 (trigger)',
      ({ ledger }) => ({ ledger: { ...ledger, inversions: [{ alert: 'check-03', sequence: 1 }] } }),
    ],
    [
      'check-99 #1 (never sent)',
      ({ ledger }) => ({ ledger: { ...ledger, unexpected: [{ alert: 'check-99', sequence: 1 }] } }),
    ],
    ['check-04 #2 (503 unavailable)', () => ({ refused: ['check-04 #2 (503 unavailable)'] })],
    ['trigger_log_entry E2 is missing', () => ({ webhooks: [webhook('E1')] })],
    ['webhooks more than once: E1', () => ({ webhooks: [webhook('E1'), webhook('E1'), webhook('E2')] })],
    ['webhooks out of order: E1', () => ({ webhooks: [webhook('E2'), webhook('E1')] })],
    ['logged an error: it broke', () => ({ loggedErrors: ['it broke'] })],
  ])('reports each kind of failure: %s', (named, change) => {
    const results = allWell();
    const { failures } = checkReport({ ...results, ...change(results) });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(named);
  });
});
