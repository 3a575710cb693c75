import { type WebhookArrival, webhookReport, type WrittenEntry } from './webhook-ledger.fixture';

const entry = (id: string, createdAt: number, visibleAt = createdAt): WrittenEntry => ({
  id,
  createdAt,
  visibleAt,
  incidentId: 'incident',
});
const arrival = (entryId: string, webhookId = `webhook of ${entryId}`): WebhookArrival => ({
  at: 0,
  entryId,
  webhookId,
});
const arrivals = (...ids: readonly string[]) => ids.map((id) => arrival(id));

describe('the ledger of webhooks', () => {
  const written = [entry('A', 1), entry('B', 2), entry('C', 3)];

  it('reports nothing if all webhooks arrive in order', () => {
    expect(webhookReport(written, arrivals('A', 'B', 'C'), [10])).toEqual({
      entries: 3,
      arrivals: 3,
      missed: [],
      unexpected: [],
      repeats: 0,
      changedIds: [],
      outOfOrder: [],
      late: 0,
    });
  });

  it('names missing and unexpected webhooks, and counts repeats', () => {
    expect(webhookReport(written, arrivals('A', 'A', 'C', 'X'), [10])).toMatchObject({
      missed: ['B'],
      unexpected: ['X'],
      repeats: 1,
      changedIds: [],
    });
  });

  it('names a repeat with a different id', () => {
    expect(webhookReport(written, [...arrivals('A', 'B', 'C'), arrival('B', 'other')], [10]).changedIds).toEqual(['B']);
  });

  it('names an entry sent before an earlier one, if every read showed both', () => {
    expect(webhookReport(written, arrivals('B', 'A', 'C'), [10]).outOfOrder).toEqual(['incident: B before A']);
  });

  it('allows an entry to be late if a read did not show it yet', () => {
    const late = [entry('A', 1, 15), entry('B', 2)];
    expect(webhookReport(late, arrivals('B', 'A'), [10, 20])).toMatchObject({ outOfOrder: [], late: 1 });
    expect(webhookReport(late, arrivals('B', 'A'), [20])).toMatchObject({
      outOfOrder: ['incident: B before A'],
      late: 0,
    });
  });
});
