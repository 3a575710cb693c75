import { copyOf, deliveryOf } from './delivery.fixture';
import { isOwnMessage, keysIn, tableMessage, unionOf } from './parking-table';

it('a table comes back as it was written, whatever the names of keys', () => {
  const keys = new Map([
    ['R0123456789ABCDEFGHIJKLMNOPQd1a6', [2]],
    ['__proto__', [0, 1]],
    ['', [3]],
  ]);
  const delivery = copyOf(tableMessage('id', keys));
  expect(isOwnMessage(delivery)).toBe(true);
  expect(keysIn(delivery)).toEqual(keys);
});

it('a mark lists nothing, unlike an empty table', () => {
  expect(keysIn(copyOf(tableMessage('id')))).toBeUndefined();
  expect(keysIn(copyOf(tableMessage('id', new Map())))).toEqual(new Map());
});

it('an event, and a table of a newer version, are not our own', () => {
  expect(isOwnMessage(deliveryOf(Buffer.from('{}')))).toBe(false);
  const newer = copyOf(tableMessage('id', new Map()));
  expect(isOwnMessage({ properties: { ...newer.properties, headers: { version: 2 } } })).toBe(false);
});

it('of several tables everything counts, and a key moves to where the newest one says', () => {
  const tables = [
    new Map([
      ['one', [0]],
      ['two', [1]],
    ]),
    new Map([['one', [2]]]),
    new Map([['three', [0]]]),
  ];
  expect(unionOf(tables)).toEqual(
    new Map([
      ['one', [0, 2]],
      ['two', [1]],
      ['three', [0]],
    ]),
  );
});
