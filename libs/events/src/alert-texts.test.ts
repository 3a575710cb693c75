import { alertTextsOf, type ApiType } from './index';

const V2 = { summary: 'Disk full', source: 'db1', severity: 'critical' };

it.each<readonly [ApiType, Parameters<typeof alertTextsOf>[1], unknown]>([
  ['v2', { payload: V2 }, V2],
  ['v2', { payload: { summary: 'Disk full', source: 7 } }, { summary: 'Disk full' }],
  ['v2', {}, {}],
  ['change', { payload: { summary: 'Deployed', source: 'ci' } }, { summary: 'Deployed', source: 'ci' }],
  ['v1', { description: 'Disk full', source: 'ignored', severity: 'ignored' }, { summary: 'Disk full' }],
])('of a %s event %j are %j', (type, value, texts) => {
  const known = { summary: undefined, source: undefined, severity: undefined };
  expect(alertTextsOf(type, value)).toStrictEqual({ ...known, ...Object(texts) });
});

it('are cut at 200 characters, and not within one', () => {
  const { summary, source } = alertTextsOf('v2', { payload: { summary: '🔥'.repeat(201), source: '🔥'.repeat(200) } });
  expect([summary, source]).toEqual([`${'🔥'.repeat(199)}…`, '🔥'.repeat(200)]);
});
