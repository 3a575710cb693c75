import { type FactContent, type FactRecorder } from '@pdaltagent/journal';
import { ids, testTimeout } from './poll-cycle-harness.fixture';
import { pollCycleTest } from './poll-cycle-test.fixture';

const test = pollCycleTest();

/** A journal that keeps what it is given. */
function recordingJournal(): FactRecorder & { readonly facts: FactContent[] } {
  const facts: FactContent[] = [];
  return { facts, record: (content) => void facts.push(content) };
}

describe('the journal of a poll cycle', () => {
  it('has each window that was read, with its bounds and the number of its entries', async () => {
    const journal = recordingJournal();
    const added = test.server.add(3);
    await (await test.harness.newCycle({ journal })).run(testTimeout());
    const polled = journal.facts.filter((fact) => fact.kind === 'polled');
    expect(polled.reduce((sum, { entries }) => sum + entries, 0)).toBe(added.length);
    for (const { from, to, lag } of polled) {
      expect(to).toBeGreaterThan(from);
      expect(lag).toBeGreaterThanOrEqual(0);
    }
  });

  it('has each webhook that the broker has confirmed, for each destination', async () => {
    const published: string[] = [];
    const added = test.server.add(2);
    const onPublished = ({ id, routingKey }: { readonly id: string; readonly routingKey: string }) =>
      void published.push(`${routingKey} ${id}`);
    await (await test.harness.newCycle({ urls: 'http://one.test,http://two.test', onPublished })).run(testTimeout());
    await test.arrived(4);
    const arrived = test.harness.lanes.messages.map(({ id, routingKey }) => `${routingKey} ${id}`);
    expect(published.sort()).toEqual(arrived.sort());
    expect(new Set(test.harness.lanes.entryIds())).toEqual(new Set(ids(added)));
  });

  it('has an entry of which no webhook can be made as a dead letter, without its content', async () => {
    const journal = recordingJournal();
    test.server.faults.push({ status: 200, body: '{"log_entries":["ann@example.com"],"more":false}' });
    await (await test.harness.newCycle({ journal })).run(testTimeout());
    expect(journal.facts.filter(({ kind }) => kind === 'dead-lettered')).toEqual([
      {
        kind: 'dead-lettered',
        group: 'webhooks',
        id: expect.stringMatching(/^unreadable-/) as unknown,
        type: 'webhook',
        key: '',
        accepted: expect.any(Number) as unknown,
        reason: 'foreign',
      },
    ]);
    expect(JSON.stringify(journal.facts)).not.toContain('ann@example.com');
  });
});
