import { type Criterion, matcherOf, type Searched } from './criterion';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

function stored(body: string | Buffer, changes: Partial<NonNullable<Searched['message']>> = {}): Searched {
  const bytes = Buffer.from(body);
  const message = { routingKey: KEY, orderKey: `${KEY}:db1` };
  return { body: bytes, message: { ...message, forward: {}, contentType: 'application/json', ...changes } };
}

it.each<readonly [string, Criterion, Searched, Searched]>([
  ['a dedup key', { kind: 'dedup-key', value: 'db1' }, stored('{}'), stored('{}', { orderKey: `${KEY}:db10` })],
  ['an id', { kind: 'ids', value: 'e1\ne2' }, stored('{}', { id: 'e2' }), stored('{}', { id: 'e' })],
  [
    'a source',
    { kind: 'source', value: 'ann-pc' },
    stored('{"payload":{"source":"ann-pc"}}'),
    stored('{"payload":{"source":"ann-pc2"}}'),
  ],
])('%s must be equal', (_, criterion, same, other) => {
  const matches = matcherOf(criterion);
  expect([matches(same), matches(other)]).toEqual([true, false]);
});

it.each<readonly [string, Searched]>([
  ['in any case', stored('{"a":"by ZOË@example.com"}')],
  ['that JSON escapes', stored('{"a":["zo\\u00eb\\u0040example.com"]}')],
  ['in a name', stored('{"zoë@example.com":1}')],
  ['in a body that is no JSON', stored('user=zoë@example.com')],
  ['in ISO 8859-1', stored(Buffer.from('zoë@example.com', 'latin1'))],
  ['in a query', stored('', { query: 'user=zo%C3%AB%40example.com' })],
  ['in a header', stored('', { forward: { 'x-user': 'zoë@example.com' } })],
  ['in a dedup key', stored('', { orderKey: `${KEY}:zoë@example.com` })],
  ['in a response', { ...stored(''), response: 'zoë@example.com is unknown' }],
  ['in what cannot be read', { body: Buffer.from('\0zoë@example.com'), message: undefined }],
  ['in deeply nested JSON', stored(`${'['.repeat(5_000)}"zo\\u00eb@example.com"${']'.repeat(5_000)}`)],
])('a text is found %s', (_, searched) => {
  expect(matcherOf({ kind: 'text', value: 'zoë@example.com' })(searched)).toBe(true);
  expect(matcherOf({ kind: 'text', value: 'zac@example.com' })(searched)).toBe(false);
});
