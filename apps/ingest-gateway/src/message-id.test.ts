import { validate, version } from 'uuid';
import { messageId } from './message-id';

it('generates unique UUIDv7 ids that sort by time', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => messageId(1_700_000_000_000 + index));
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => messageId(0))).size).toBe(1_000);
});
