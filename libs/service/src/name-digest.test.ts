import { createHash } from 'node:crypto';
import { nameDigest } from './index';

const NAME = 'disk of ann@example.com';

it('with a secret, who knows the name of an alert but not the secret cannot find it in Redis', () => {
  const digests = ['one', 'other', undefined].map((digestSecret) => nameDigest({ digestSecret })(NAME));
  expect(new Set(digests).size).toBe(3);
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{32}$/);
  expect(nameDigest({ digestSecret: 'one' })(NAME)).toBe(digests[0]);
});

it('without a secret, names are as they were before there was one', () => {
  const plain = createHash('sha256').update(NAME).digest('hex').slice(0, 32);
  expect(nameDigest({ digestSecret: undefined })(NAME)).toBe(plain);
});
