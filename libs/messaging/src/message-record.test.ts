import fc from 'fast-check';
import { MESSAGE_TYPES, type OutgoingMessage } from './message';
import { readRecord, writeRecord } from './message-record';

const message: fc.Arbitrary<OutgoingMessage> = fc.record(
  {
    id: fc.uuid(),
    type: fc.constantFrom(...MESSAGE_TYPES),
    routingKey: fc.string({ unit: 'binary' }),
    orderKey: fc.string({ unit: 'binary' }),
    contentType: fc.string(),
    receivedAt: fc.nat(),
    originalReceivedAt: fc.nat(),
    body: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    forward: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }).map((table) => {
      // No incoming header has this name.
      delete table['__proto__'];
      return table;
    }),
    query: fc.string(),
    adapter: fc.string(),
    traceparent: fc.string(),
  },
  { requiredKeys: ['id', 'type', 'routingKey', 'orderKey', 'contentType', 'receivedAt', 'body'] },
);

function recordOf(head: unknown, { version = 1, body = 'body' } = {}): Buffer {
  const json = Buffer.from(typeof head === 'string' ? head : JSON.stringify(head));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(version, 0);
  prefix.writeUInt32BE(json.length, 1);
  return Buffer.concat([prefix, json, Buffer.from(body)]);
}

const HEAD = {
  id: 'm1',
  type: 'v2',
  routingKey: 'R0123456789ABCDEFGHIJKLMNOPQd1a6',
  orderKey: 'R0123456789ABCDEFGHIJKLMNOPQd1a6:db1',
  contentType: 'application/json',
  receivedAt: 1_700_000_000_123,
};

it('reads what it wrote, byte for byte, and flags it as a possible duplicate', () => {
  fc.assert(
    fc.property(message, (written) => {
      const read = readRecord(writeRecord(written));
      if (read.kind !== 'message') throw new Error(read.kind);
      expect({ ...read.message, body: read.message.body.toString('hex') }).toEqual({
        ...written,
        body: written.body.toString('hex'),
        maybeDuplicate: true,
      });
    }),
  );
});

it('does not store what the action is, because a release before it would leave the record in the spool', () => {
  const record = writeRecord({ ...HEAD, type: 'v2', action: 'trigger', body: Buffer.from('{}') });
  expect(record.toString()).not.toContain('trigger');
});

it('reads the records of the first release', () => {
  expect(readRecord(recordOf(HEAD))).toEqual({
    kind: 'message',
    message: { ...HEAD, body: Buffer.from('body'), maybeDuplicate: true },
  });
});

it.each([
  ['has a higher version', recordOf(HEAD, { version: 2 }), 2],
  ['has a higher version and another layout', Buffer.from([7]), 7],
  ['has a field that is not known', recordOf({ ...HEAD, priority: 3 }), 1],
  ['is of a type that is not known', recordOf({ ...HEAD, type: 'v3' }), 1],
])('keeps for a newer version what %s', (_what, record, version) => {
  expect(readRecord(record)).toEqual({ kind: 'newer', version });
});

it.each([
  ['is empty', Buffer.alloc(0)],
  ['has no version', recordOf(HEAD, { version: 0 })],
  ['ends within its head', recordOf(HEAD, { body: '' }).subarray(0, -1)],
  ['has a head that is not JSON', recordOf('{"id":')],
  ['lacks a field', recordOf({ ...HEAD, id: undefined })],
  ['has a field of another kind', recordOf({ ...HEAD, type: 5 })],
])('calls damaged what %s', (_what, record) => {
  expect(readRecord(record)).toEqual({ kind: 'damaged' });
});

it('accepts no other bytes as a message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(readRecord(Buffer.from(bytes)).kind).not.toBe('message');
    }),
  );
});
