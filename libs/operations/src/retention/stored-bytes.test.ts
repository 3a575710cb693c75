import { type ConsumeMessage } from 'amqplib';
import { storedBytesOf } from './stored-bytes';

function sizeWith(headers: unknown, content = ''): number {
  const properties = { headers } as ConsumeMessage['properties'];
  return storedBytesOf({ content: Buffer.from(content), properties });
}

it('counts the body and the headers', () => {
  const empty = sizeWith({});
  expect(sizeWith({}, 'x'.repeat(1_000)) - empty).toBe(1_000);
  expect(sizeWith({ dead_answer: 'é'.repeat(1_000) }) - empty).toBe(2_011);
  expect(sizeWith({ a: [{ b: Buffer.alloc(500) }] }) - empty).toBeGreaterThan(500);
});

it('bears headers that are nested thousands of levels deep', () => {
  let nested: unknown = 1;
  for (let level = 0; level < 50_000; level += 1) nested = { nested };
  expect(sizeWith(nested)).toBeGreaterThan(50_000);
});
