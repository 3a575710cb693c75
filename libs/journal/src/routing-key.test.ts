import { withoutRoutingKey } from './routing-key';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

it('a routing key in a text is shown by its end, wherever and however often it is there', () => {
  expect(withoutRoutingKey(`${KEY}-host/disk of ${KEY}`, KEY)).toBe('…d1a6-host/disk of …d1a6');
});

it('a text without the routing key stays as it is, also if a message has no routing key', () => {
  expect(withoutRoutingKey('host/disk', KEY)).toBe('host/disk');
  expect(withoutRoutingKey('host/disk', '')).toBe('host/disk');
});
