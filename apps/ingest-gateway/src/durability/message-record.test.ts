import fc from 'fast-check';
import { MESSAGE_TYPES, type OutgoingMessage } from '@pdaltagent/messaging';
import { readRecord, writeRecord } from './message-record';

const message: fc.Arbitrary<OutgoingMessage> = fc.record(
  {
    id: fc.uuid(),
    type: fc.constantFrom(...MESSAGE_TYPES),
    routingKey: fc.string({ unit: 'binary' }),
    orderKey: fc.string({ unit: 'binary' }),
    contentType: fc.string(),
    receivedAt: fc.nat(),
    body: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    forward: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }).map((table) => {
      // What comes in as a header is never called so.
      delete table['__proto__'];
      return table;
    }),
    query: fc.string(),
    traceparent: fc.string(),
  },
  { requiredKeys: ['id', 'type', 'routingKey', 'orderKey', 'contentType', 'receivedAt', 'body'] },
);

it('reads what it wrote, byte for byte, and says that it may have been sent before', () => {
  fc.assert(
    fc.property(message, (written) => {
      const read = readRecord(writeRecord(written));
      expect({ ...read, body: read?.body.toString('hex') }).toEqual({
        ...written,
        body: written.body.toString('hex'),
        again: true,
      });
    }),
  );
});

it('does not read what is none of its records', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(readRecord(Buffer.from(bytes))).toBeUndefined();
    }),
  );
});
