import { validate, version } from 'uuid';
import { messageId } from './message-id';

it('makes a UUIDv7 that sorts by its time and is never made twice', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => messageId(1_700_000_000_000 + index));
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => messageId(0))).size).toBe(1_000);
});
