import { copyOf, deliveryOf } from './delivery.fixture';
import { heldBytesOf } from './held-bytes';

const withHeaders = (headers: Record<string, unknown>) => copyOf({ body: Buffer.alloc(100), properties: { headers } });

it.each([
  ['a long text', { note: 'a'.repeat(100_000) }, 100_000],
  ['bytes', { note: Buffer.alloc(100_000) }, 100_000],
  ['many small entries', Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`n${at}`, at])), 500_000],
  ['a list', { list: Array.from({ length: 1_000 }, () => 'a'.repeat(100)) }, 100_000],
])('a delivery counts with its headers: %s', (_, headers, atLeast) => {
  const bytes = heldBytesOf(withHeaders(headers));
  expect(bytes).toBeGreaterThan(atLeast);
  expect(bytes).toBeLessThan(3 * atLeast);
});

it('headers may be nested deeper than the stack', () => {
  let nested: Record<string, unknown> = {};
  for (let level = 0; level < 100_000; level += 1) nested = { a: nested };
  expect(heldBytesOf(withHeaders(nested))).toBeGreaterThan(100_000);
});

it('a delivery without headers counts with its body', () => {
  expect(heldBytesOf(deliveryOf(Buffer.alloc(100)))).toBeLessThan(300);
});
