import { createHash } from 'node:crypto';
import { type StoredUser } from './management';

/** https://www.rabbitmq.com/docs/passwords#this-is-the-algorithm */
const ALGORITHMS: Readonly<Record<string, string>> = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512',
};
const SALT_BYTES = 4;

/** Whether RabbitMQ has stored this password; false if that cannot be told. */
export function hasPassword({ password_hash: stored, hashing_algorithm: name }: StoredUser, password: string): boolean {
  const algorithm = ALGORITHMS[name];
  if (algorithm === undefined) return false;
  const salted = Buffer.from(stored, 'base64');
  const salt = salted.subarray(0, SALT_BYTES);
  const digest = createHash(algorithm).update(salt).update(password, 'utf8').digest();
  return salted.subarray(SALT_BYTES).equals(digest);
}
