import { parse } from '../parse';
import { pdSensu } from './command';
import { compose } from './compose';

const KEY = '01234567890123456789012345678901';
const RESULT = {
  client: { name: 'db1', address: '10.0.0.1' },
  check: { name: 'disk', output: '98% used\n', status: 2 },
  occurrences: 1,
  action: 'create',
  id: 'c6ad4f14',
};

const composed = (input: string, ...words: string[]) =>
  compose(parse(pdSensu, ['-k', KEY, ...words]), () => Promise.resolve(input));

describe('the event of a Sensu check result', () => {
  it('is the one of PagerDuty Agent, as an event v2', async () => {
    expect(await composed(JSON.stringify(RESULT))).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: 'db1/disk',
      payload: {
        summary: 'db1/disk : 98% used',
        source: 'db1',
        severity: 'critical',
        component: 'disk',
        custom_details: RESULT,
      },
    });
  });

  it('resolves on "resolve" only', async () => {
    expect(await composed(JSON.stringify({ ...RESULT, action: 'resolve' }))).toMatchObject({ event_action: 'resolve' });
    expect(await composed(JSON.stringify({ ...RESULT, action: 'flapping' }))).toMatchObject({
      event_action: 'trigger',
    });
  });

  it('has the id as its key without client or check, or the key from -i', async () => {
    expect(await composed(JSON.stringify({ id: 'abc', check: { status: 1 } }))).toMatchObject({
      dedup_key: 'abc',
      payload: { source: 'abc', severity: 'warning' },
    });
    expect(await composed(JSON.stringify(RESULT), '-i', 'mine')).toMatchObject({ dedup_key: 'mine' });
  });

  describe('an event of Sensu Go', () => {
    const GO = {
      entity: { entity_class: 'agent', metadata: { name: 'web1', namespace: 'default' } },
      check: { metadata: { name: 'disk', namespace: 'default' }, output: '98% used\n', state: 'failing', status: 2 },
      id: '6f0d1c2e',
      timestamp: 1617050501,
    };
    const passing = { ...GO, id: '7a1b2c3d', check: { ...GO.check, output: 'ok\n', state: 'passing', status: 0 } };

    it('triggers and resolves one alert, identified by entity and check', async () => {
      expect(await composed(JSON.stringify(GO))).toEqual({
        routing_key: KEY,
        event_action: 'trigger',
        dedup_key: 'web1/disk',
        payload: {
          summary: 'web1/disk : 98% used',
          source: 'web1',
          severity: 'critical',
          component: 'disk',
          custom_details: GO,
        },
      });
      expect(await composed(JSON.stringify(passing))).toMatchObject({
        event_action: 'resolve',
        dedup_key: 'web1/disk',
      });
    });

    it('of another namespace is about another alert', async () => {
      const inNamespace = (namespace: string) =>
        composed(JSON.stringify({ ...passing, entity: { ...GO.entity, metadata: { name: 'web1', namespace } } }));
      expect(await inNamespace('prod')).toMatchObject({ event_action: 'resolve', dedup_key: 'prod/web1/disk' });
      expect(await inNamespace('dev')).toMatchObject({ event_action: 'resolve', dedup_key: 'dev/web1/disk' });
    });

    it.each([
      ['without a check', { entity: GO.entity, metrics: {}, id: 'a' }],
      ['without a name', { ...GO, entity: { metadata: {} } }],
    ])('is rejected %s', async (_, event) => {
      await expect(composed(JSON.stringify(event))).rejects.toThrow('the Sensu Go event has no entity.metadata.name');
    });
  });

  it('shortens a key that is too long for PagerDuty in the same way for each event', async () => {
    const long = { ...RESULT, client: { name: 'c'.repeat(300) } };
    const [first, second] = [
      await composed(JSON.stringify(long)),
      await composed(JSON.stringify(long), '-i', 'k'.repeat(256)),
    ];
    expect(first.dedup_key).toMatch(/^[0-9a-f]{64}$/);
    expect(second.dedup_key).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['no JSON', 'standard input is not a JSON object'],
    ['[]', 'standard input is not a JSON object'],
    ['{"check":{"name":"a"}}', 'the check result has no id, and not both client.name and check.name'],
  ])('is rejected for %j', async (input, message) => {
    await expect(composed(input)).rejects.toThrow(message);
  });
});
