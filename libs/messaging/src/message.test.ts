import { type Burial } from '@pdaltagent/delivery';
import { type MessageProperties, type Options } from 'amqplib';
import { deadLetterProperties } from './dead-letter';
import { letterOf } from './dead-letters/letter';
import { replayProperties } from './dead-letters/replay-properties';
import { fromDelivery, type IncomingMessage, toProperties } from './message';

const FRESH: IncomingMessage = {
  id: '018f0000-0000-7000-8000-000000000001',
  type: 'integration',
  routingKey: 'R0123456789ABCDEFGHIJKLMNOPQd1a6',
  orderKey: 'R0123456789ABCDEFGHIJKLMNOPQd1a6:db1/disk',
  body: Buffer.from('<not json>'),
  contentType: 'text/xml',
  forward: { 'x-vendor': 'one' },
  query: 'a=1',
  receivedAt: 1_700_000_000_123,
  again: true,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

/** As after a replay. */
const MESSAGE: IncomingMessage = { ...FRESH, originalReceivedAt: 1_600_000_000_456 };

/** What the broker makes of what is published. */
function delivered({ messageId, type, contentType, timestamp, ...rest }: Options.Publish) {
  const headers: Readonly<Record<string, unknown>> = rest.headers as Record<string, unknown>;
  const properties: MessageProperties = {
    headers,
    messageId,
    type,
    contentType,
    timestamp,
    contentEncoding: undefined,
    deliveryMode: 2,
    priority: undefined,
    correlationId: undefined,
    replyTo: undefined,
    expiration: undefined,
    userId: undefined,
    appId: undefined,
    clusterId: undefined,
  };
  return { properties, content: MESSAGE.body };
}

const BURIAL: Burial = { reason: 'rejected', status: 400, answer: 'bad' };
const HISTORY = { attempts: 1, firstAttemptAt: 1, lastAttemptAt: 2 };

describe('a message', () => {
  it('comes out of its queue as it went in, however often it is published again', () => {
    expect(fromDelivery(delivered(toProperties(MESSAGE)))).toEqual({ kind: 'message', message: MESSAGE });
  });

  it('keeps the moment of its first acceptance through replay, siding and a second death', () => {
    const dead = delivered(deadLetterProperties(FRESH, BURIAL, HISTORY, 3));
    const replayed = fromDelivery(delivered(replayProperties(dead.properties, 1_800_000_000_000)));
    expect(replayed).toMatchObject({
      message: { receivedAt: 1_800_000_000_000, originalReceivedAt: MESSAGE.receivedAt },
    });
    if (replayed.kind === 'foreign') throw new Error(replayed.problem);
    const aside = fromDelivery(delivered(toProperties(replayed.message)));
    if (aside.kind === 'foreign') throw new Error(aside.problem);
    const deadAgain = delivered(deadLetterProperties(aside.message, BURIAL, HISTORY, 3));
    expect(letterOf(deadAgain).acceptedAt).toBe(MESSAGE.receivedAt);
  });
});
