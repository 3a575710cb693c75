import { type DeadLetterCause } from '@pdaltagent/delivery';
import { type MessageProperties, type Options } from 'amqplib';
import { deadLetterProperties, unreadableDeadLetterProperties } from './dead-letter';
import { deadLetterOf } from './dead-letters/dead-letter';
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
  maybeDuplicate: true,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

/** As after a replay. */
const MESSAGE: IncomingMessage = { ...FRESH, originalReceivedAt: 1_600_000_000_456 };

/** A published message as the broker delivers it. */
function delivered({ messageId, type, contentType, timestamp, headers: written, ...rest }: Options.Publish) {
  const headers: Readonly<Record<string, unknown>> = written as Record<string, unknown>;
  const properties: MessageProperties = {
    headers,
    messageId,
    type,
    contentType,
    timestamp,
    contentEncoding: rest.contentEncoding,
    deliveryMode: 2,
    priority: undefined,
    correlationId: rest.correlationId,
    replyTo: rest.replyTo,
    expiration: rest.expiration,
    userId: rest.userId,
    appId: rest.appId,
    clusterId: undefined,
  };
  return { properties, content: MESSAGE.body };
}

const CAUSE: DeadLetterCause = { reason: 'rejected', status: 400, response: 'bad' };
const HISTORY = { attempts: 1, firstAttemptAt: 1, lastAttemptAt: 2 };

/** A message with properties from another publisher. */
function altered(headers: Record<string, unknown>, properties: Options.Publish = {}) {
  const written = toProperties(FRESH);
  return delivered({ ...written, ...properties, headers: { ...(written.headers as object), ...headers } });
}

describe('a message', () => {
  it('to an adapter is forwarded to its vendor and version, and is invalid without them', () => {
    const message: IncomingMessage = { ...FRESH, type: 'adapter', adapter: 'cloudwatch_sns/v1' };
    expect(fromDelivery(delivered(toProperties(message)))).toEqual({ kind: 'message', message });
    for (const adapter of [undefined, '', 'v1', '../v1', 'a/..', 'a/b/c', 'a/b?c', 7]) {
      const parsed = fromDelivery(altered({ adapter }, { type: 'adapter' }));
      expect(parsed).toMatchObject({
        kind: 'unrecognized',
        problem: 'header adapter (such as cloudwatch_sns/v1) is missing',
      });
    }
  });

  it('states its action, if it is one of PagerDuty’s', () => {
    const message: IncomingMessage = { ...FRESH, type: 'v2', action: 'resolve' };
    expect(fromDelivery(delivered(toProperties(message)))).toEqual({ kind: 'message', message });
    for (const action of [undefined, '', 'Resolve', 'closed', 7]) {
      expect(fromDelivery(altered({ action }))).toEqual({ kind: 'message', message: FRESH });
    }
  });

  it('is consumed as it was published, however often it is published again', () => {
    expect(fromDelivery(delivered(toProperties(MESSAGE)))).toEqual({ kind: 'message', message: MESSAGE });
  });

  it.each([
    ['fits to the byte', `text/plain; a=${'x'.repeat(241)}`, `text/plain; a=${'x'.repeat(241)}`],
    ['has long parameters', `multipart/form-data; boundary=${'x'.repeat(300)}`, 'multipart/form-data'],
    ['fits in characters but not in bytes', `text/xml; a="${'é'.repeat(200)}"`, 'text/xml'],
    ['has a long type', `application/${'x'.repeat(300)}`, 'application/octet-stream'],
    ['is no media type', 'é'.repeat(300), 'application/octet-stream'],
  ])('keeps its complete content type, which %s, and has a valid one in the property', (_, contentType, property) => {
    const properties = toProperties({ ...MESSAGE, contentType });
    expect(properties.contentType).toBe(property);
    expect(fromDelivery(delivered(properties))).toEqual({ kind: 'message', message: { ...MESSAGE, contentType } });
    const dead = delivered(deadLetterProperties({ ...FRESH, contentType }, CAUSE, HISTORY, 1));
    expect(fromDelivery(delivered(replayProperties(dead.properties, 1)))).toMatchObject({ message: { contentType } });
  });

  it('keeps the time of its first acceptance through replay, siding and a second dead letter', () => {
    const dead = delivered(deadLetterProperties(FRESH, CAUSE, HISTORY, 3));
    const replayed = fromDelivery(delivered(replayProperties(dead.properties, 1_800_000_000_000)));
    expect(replayed).toMatchObject({
      message: { receivedAt: 1_800_000_000_000, originalReceivedAt: MESSAGE.receivedAt },
    });
    if (replayed.kind !== 'message') throw new Error(replayed.problem);
    const moved = fromDelivery(delivered(toProperties(replayed.message)));
    if (moved.kind !== 'message') throw new Error(moved.problem);
    const deadAgain = delivered(deadLetterProperties(moved.message, CAUSE, HISTORY, 3));
    expect(deadLetterOf(deadAgain).acceptedAt).toBe(MESSAGE.receivedAt);
  });
});

describe('a message from another publisher', () => {
  const forwarded = (forward: unknown) => {
    const parsed = fromDelivery(altered({ forward }));
    return parsed.kind === 'message' ? parsed.message.forward : parsed;
  };

  it('is delivered without the headers that cannot be sent', () => {
    const sound = { 'x-vendor': 'one', 'User-Agent': 'Vendor/1' };
    expect(
      forwarded({ ...sound, 'bad name': 'a', 'bad:name': 'b', '': 'c', ümlaut: 'd', number: 5, list: ['e'] }),
    ).toEqual(sound);
    expect(forwarded({ 'x-lines': 'a\r\nhost: elsewhere\u0000', 'x-emoji': ' up ↑ ' })).toEqual({
      'x-lines': 'ahost: elsewhere',
      'x-emoji': 'up',
    });
    for (const none of [undefined, null, 'text', 5]) expect(forwarded(none)).toEqual({});
  });

  it.each([
    'host',
    'Content-Length',
    'transfer-encoding',
    'connection',
    'Keep-Alive',
    'upgrade',
    'TE',
    'trailer',
    'expect',
    'proxy-authorization',
    'Proxy-Connection',
  ])('never has its request framed or rerouted by a forwarded %s', (name) => {
    expect(forwarded({ [name]: '5', 'x-vendor': 'one' })).toEqual({ 'x-vendor': 'one' });
  });

  it('has nothing in its content type, query and trace that cannot be sent', () => {
    const parsed = fromDelivery(
      altered({ query: 'a=1#b\r\nc d', traceparent: 'x\r\ny' }, { contentType: 'text/plain\r\nx: y' }),
    );
    expect(parsed).toMatchObject({ message: { contentType: 'text/plainx: y', query: 'a=1%23b%0D%0Ac%20d' } });
    expect(parsed).not.toHaveProperty('message.traceparent');
  });

  it.each([
    ['no messageId', {}, { messageId: '' }, 'messageId is missing'],
    ['a messageId that cannot be written again', {}, { messageId: '\ufffd'.repeat(100) }, 'messageId is too long'],
    ['no routing key', { routing_key: 5 }, {}, 'header routing_key is missing'],
    ['a time that is none', { received_at: Number.NaN }, {}, 'header received_at (milliseconds since 1970) is missing'],
    ['a key that leads to another path', { routing_key: '..' }, {}, 'header routing_key cannot be part of a path'],
  ])('and has %s cannot be delivered, and the reason is named', (_what, headers, properties, problem) => {
    expect(fromDelivery(altered(headers, properties))).toEqual({ kind: 'unrecognized', problem });
  });
});

describe('a message of a newer version', () => {
  it.each([
    ['type', {}, { type: 'v9' }, 'message type "v9" of a newer version of PDaltagent'],
    ['form', { version: 2 }, {}, 'message version 2 of a newer version of PDaltagent'],
  ])('whose %s is unknown is identified along with its lane', (_what, headers, properties, problem) => {
    expect(fromDelivery(altered(headers, properties))).toMatchObject({
      kind: 'newer',
      problem,
      message: { routingKey: FRESH.routingKey, orderKey: FRESH.orderKey },
    });
  });

  it('is kept complete as a dead letter, and is replayed unchanged', () => {
    const all = { appId: 'an app', correlationId: 'a correlation', contentEncoding: 'br', replyTo: 'a queue' };
    const delivery = altered(
      { invented: { by: ['a newer', 'version'] } },
      { ...all, type: 'v9', expiration: '5', userId: 'guest' },
    );
    const parsed = fromDelivery(delivery);
    if (parsed.kind !== 'newer') throw new Error('it was read');
    const deadLetter = unreadableDeadLetterProperties(delivery, parsed, 3);
    expect(deadLetter).toMatchObject({ ...all, type: 'v9', messageId: FRESH.id, contentType: FRESH.contentType });
    expect(deadLetter).not.toHaveProperty('expiration');
    expect(deadLetter).not.toHaveProperty('userId');
    expect(deadLetterOf(delivered(deadLetter))).toMatchObject({
      reason: 'newer',
      response: parsed.problem,
      message: { type: 'v9' },
    });
    const replayed = replayProperties(delivered(deadLetter).properties, 1_800_000_000_000);
    expect(replayed).toMatchObject({ ...all, type: 'v9', messageId: FRESH.id, contentType: FRESH.contentType });
    expect(replayed.headers).toEqual({
      ...(delivery.properties.headers as object),
      received_at: 1_800_000_000_000,
      original_received_at: FRESH.receivedAt,
      again: true,
    });
  });
});
