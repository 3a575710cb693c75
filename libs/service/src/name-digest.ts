import { createHash, createHmac } from 'node:crypto';
import { type ConfigurationOf } from './configuration';
import { type Logger } from './logger';
import { secret } from './variable';

/** For processes that write or read names of alerts in Redis, or routing keys in the journal: must be the same in all of them. */
export const digestVariables = {
  digestSecret: secret(
    'PDAGENTD_DIGEST_SECRET',
    'HMAC key for the names of alerts in Redis and routing keys in the journal; without it, who reads these can test which are in use',
  ),
};

type DigestConfiguration = ConfigurationOf<typeof digestVariables>;

/** What stands for the name of an alert in Redis, or for a routing key in the journal; 32 hexadecimal digits. */
export type NameDigest = (name: string) => string;

const DIGITS = 32;
const PLAIN_DIGESTS =
  'names of alerts in Redis and routing keys in the journal are plain digests: who reads these can test which ones are in use';

/** Names of alerts may be personal data, and can be guessed: a plain digest of each guess would show whether it is right. */
export function nameDigest({ digestSecret }: DigestConfiguration): NameDigest {
  return (name) =>
    (digestSecret === undefined ? createHash('sha256') : createHmac('sha256', digestSecret))
      .update(name)
      .digest('hex')
      .slice(0, DIGITS);
}

/** To be called at the start of a service that writes names of alerts to Redis, or routing keys to the journal. */
export function warnOfPlainDigests({ digestSecret }: DigestConfiguration, logger: Logger): void {
  if (digestSecret !== undefined) return;
  logger.warn(PLAIN_DIGESTS, { advice: `set ${digestVariables.digestSecret.name}` });
}
