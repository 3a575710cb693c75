import { erasureDigestOf } from '@pdaltagent/journal';
import { EVENTS, WEBHOOKS } from '@pdaltagent/messaging';
import { hasJournal, JournalTap, type TappedFact, testServers } from '@pdaltagent/testing';
import { declareTopologies, publishDeadLetters, runCli } from '../cli.fixture';
import { GatewayFolder } from '../quarantine/quarantine.fixture';

const PERSON = 'ann@example.com';

let amqpUrl: string;
let redisUrl: string;
let gateway: GatewayFolder;
let tap: JournalTap | undefined;

beforeEach(async () => {
  ({ amqpUrl, redisUrl } = await testServers());
  await declareTopologies(amqpUrl);
  gateway = new GatewayFolder();
});
afterEach(async () => {
  await tap?.close();
  tap = undefined;
  gateway.remove();
});

/** As an operator runs it whom the environment names. */
const act = (words: string, more: Record<string, string> = {}, name: 'pdaltagent' | 'pd-queue' = 'pdaltagent') =>
  runCli(
    words.split(' '),
    {
      PDAGENTD_AMQP_URL: amqpUrl,
      PDAGENTD_REDIS_URL: redisUrl,
      PDAGENTD_JOURNAL: 'true',
      PDAGENTD_OPERATOR: 'bob@bastion',
      ...gateway.environment,
      ...more,
    },
    { name },
  );

/** What the commands have written, without what the processes say of themselves. */
async function recorded(count: number): Promise<readonly Omit<TappedFact, 'at'>[]> {
  const opened = (tap ??= await JournalTap.open(amqpUrl));
  const actions = () => opened.facts.filter(({ kind }) => kind !== 'started' && kind !== 'stopped');
  await opened.find(`${count} actions`, () => actions().length >= count);
  return actions().map(({ at, ...fact }) => {
    expect(at).toBeGreaterThan(0);
    return fact;
  });
}

it('the journal names who replayed and who discarded each dead letter', async () => {
  await publishDeadLetters(amqpUrl, EVENTS, [{ id: 'd1' }, { id: 'd2', alert: 'db2/disk' }, { id: 'd3' }]);
  await publishDeadLetters(amqpUrl, WEBHOOKS, [{ id: 'w1', type: 'webhook', key: 'crm' }]);
  expect(await act('dead-letters replay d1 --yes')).toMatchObject({
    code: 0,
    error: expect.not.stringMatching(/journal/) as unknown,
  });
  expect((await act('dead-letters discard d2 w1 --yes')).code).toBe(0);
  expect((await act('retry -a', {}, 'pd-queue')).code).toBe(0);
  const by = 'bob@bastion';
  expect(await recorded(4)).toEqual([
    { kind: 'replayed', group: 'events', id: 'd1', by },
    { kind: 'discarded', group: 'events', id: 'd2', from: 'dead letters', by },
    { kind: 'discarded', group: 'webhooks', id: 'w1', from: 'dead letters', by },
    { kind: 'replayed', group: 'events', id: 'd3', by },
  ]);
});

it('the journal names who replayed, exported and discarded events of the quarantine', async () => {
  await gateway.add({ id: 'q1' }, { id: 'q2', alert: 'db2/disk' });
  expect((await act('quarantine export')).code).toBe(0);
  expect((await act('quarantine replay q1 --yes')).code).toBe(0);
  expect((await act('quarantine discard q2 --yes')).code).toBe(0);
  const by = 'bob@bastion';
  expect(await recorded(3)).toEqual([
    { kind: 'operator-action', by, action: 'quarantine export', target: '2 events' },
    { kind: 'replayed', group: 'events', id: 'q1', by },
    { kind: 'discarded', group: 'events', id: 'q2', from: 'quarantine', by },
  ]);
});

it('the journal has what was erased and by whom, but not what was searched for', async () => {
  await publishDeadLetters(amqpUrl, EVENTS, [{ id: 'd1', alert: PERSON }, { id: 'd2' }]);
  await gateway.add({ id: 'q1', alert: PERSON });
  await act(`dead-letters erase --dedup-key ${PERSON} --only quarantine dead-letters --yes`);
  const facts = await recorded(3);
  const by = 'bob@bastion';
  expect(facts).toEqual(
    expect.arrayContaining([
      { kind: 'discarded', group: 'events', id: 'q1', from: 'quarantine', by, why: 'erased' },
      { kind: 'discarded', group: 'events', id: 'd1', from: 'dead letters', by, why: 'erased' },
      {
        kind: 'operator-action',
        by,
        action: 'erase',
        target: 'by dedup-key: 1 event in the quarantine, 1 dead letter',
      },
    ]),
  );
  expect(tap?.lines.join('\n')).not.toContain(PERSON);
});

it('what was erased among the dead letters is erased in the journal, too, which may not have what was searched for', async () => {
  await publishDeadLetters(amqpUrl, EVENTS, [{ id: 'd1', alert: PERSON }, { id: 'd2' }]);
  const { code, error } = await act(`dead-letters erase --text ${PERSON} --only dead-letters journal --yes`);
  expect([code, error]).toEqual([0, '1 dead letter found, 1 erased\n1 message in the journal found, 1 erased\n']);
  const facts = await recorded(3);
  expect(facts.filter(({ kind }) => kind === 'erased')).toEqual([
    { kind: 'erased', by: 'bob@bastion', digests: [erasureDigestOf('d1')] },
  ]);
});

it('what changed nothing is not in the journal: a dry run, a wrong id', async () => {
  await publishDeadLetters(amqpUrl, EVENTS, [{ id: 'd1' }]);
  await act('dead-letters discard unknown --yes');
  await act('dead-letters erase --dedup-key db1/disk --dry-run');
  expect(await hasJournal(amqpUrl)).toBe(false);
});

it('a command does its work without the journal, and one line says that the action is not in it', async () => {
  await gateway.add({ id: 'q1' });
  const { code, error } = await act('quarantine discard q1 --yes', {
    PDAGENTD_AMQP_URL: 'amqp://user:secret@127.0.0.1:1',
  });
  expect([code, await gateway.ids()]).toEqual([0, []]);
  expect(error).toMatch(
    /^1 event discarded; the quarantine is empty\nthis action is not in the journal: .*ECONNREFUSED.*\n$/,
  );
  expect(error).not.toContain('secret');
});

it('PDAGENTD_JOURNAL=false writes nothing and says nothing', async () => {
  await gateway.add({ id: 'q1' });
  const { code, error } = await act('quarantine discard q1 --yes', { PDAGENTD_JOURNAL: 'false' });
  expect([code, error]).toEqual([0, '1 event discarded; the quarantine is empty\n']);
  expect(await hasJournal(amqpUrl)).toBe(false);
});
