import { type OutgoingMessage } from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { MessageReferences } from './message-references';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';
const EVENT: OutgoingMessage = {
  id: 'e1',
  type: 'v2',
  routingKey: KEY,
  orderKey: `${KEY}:web9/cpu`,
  action: 'trigger',
  body: Buffer.from('{}'),
  contentType: 'application/json',
  receivedAt: 1_000,
};

/** References, and the names of which a digest was computed. */
function harness(text: JournalText = 'full') {
  const digested: string[] = [];
  const digest = (name: string): string => {
    digested.push(name);
    return `digest ${digested.length}`;
  };
  return { references: new MessageReferences(digest, text), digested };
}

it('a reference names the event and its alert, and shows of the routing key its end and its digest', () => {
  expect(harness().references.of(EVENT)).toStrictEqual({
    group: 'events',
    id: 'e1',
    type: 'v2',
    action: 'trigger',
    key: '…d1a6',
    digest: 'digest 1',
    alert: 'web9/cpu',
    accepted: 1_000,
  });
});

it('a replayed event has the time at which its sender’s event was accepted', () => {
  expect(harness().references.of({ ...EVENT, originalReceivedAt: 500 }).accepted).toBe(500);
});

it('an event without a dedup key has no alert', () => {
  expect(harness().references.of({ ...EVENT, type: 'change', orderKey: 'e1' })).not.toHaveProperty('alert');
});

it('a dedup key that has the routing key in it is shown with its end only', () => {
  const event = { ...EVENT, orderKey: `${KEY}:${KEY}-web9/cpu` };
  expect(harness().references.of(event).alert).toBe('…d1a6-web9/cpu');
});

it('with the text “none” there is no dedup key', () => {
  expect(harness('keys').references.of(EVENT)).toHaveProperty('alert', 'web9/cpu');
  expect(harness('none').references.of(EVENT)).not.toHaveProperty('alert');
});

it('a webhook has the name of its destination, which is no secret, and no digest', () => {
  const { references, digested } = harness();
  const webhook = { ...EVENT, type: 'webhook' as const, routingKey: 'chat', orderKey: 'chat:chatP1' };
  expect(references.of(webhook)).toMatchObject({ group: 'webhooks', key: 'chat', alert: 'chatP1' });
  expect(references.of(webhook)).not.toHaveProperty('digest');
  expect(digested).toEqual([]);
});

it('the digest of a routing key is computed once, and again only after thousands of others', () => {
  const { references, digested } = harness();
  references.of(EVENT);
  references.of(EVENT);
  references.keyOf('events', KEY);
  expect(digested).toEqual([KEY]);
  for (let index = 0; index < 5_000; index += 1) references.keyOf('events', `key ${index}`);
  references.of(EVENT);
  expect(digested.filter((name) => name === KEY)).toHaveLength(2);
});

it('nothing of a reference is shared with the next one', () => {
  const { references } = harness();
  expect(references.of(EVENT)).not.toBe(references.of(EVENT));
});
