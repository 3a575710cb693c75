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

it('long texts are complete: it costs nothing until somebody records them', () => {
  const long = 'x'.repeat(1_000);
  expect(alertTextsOf('v2', { payload: { summary: long, source: long } })).toMatchObject({
    summary: long,
    source: long,
  });
});
