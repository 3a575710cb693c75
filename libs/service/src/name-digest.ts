import { createHash, createHmac } from 'node:crypto';
import { type ConfigurationOf } from './configuration';
import { type Logger } from './logger';
import { secret } from './variable';

/** For processes that write or read names of alerts in Redis: must be the same in all of them. */
export const digestVariables = {
  digestSecret: secret(
    'PDAGENTD_DIGEST_SECRET',
    'HMAC key for the names of alerts in Redis; without it, who reads Redis can test which dedup keys are in use',
  ),
};

type DigestConfiguration = ConfigurationOf<typeof digestVariables>;

/** What stands for the name of an alert in Redis; 32 hexadecimal digits. */
export type NameDigest = (name: string) => string;

const DIGITS = 32;

/** Names of alerts may be personal data, and can be guessed: a plain digest of each guess would show whether it is right. */
export function nameDigest({ digestSecret }: DigestConfiguration): NameDigest {
  return (name) =>
    (digestSecret === undefined ? createHash('sha256') : createHmac('sha256', digestSecret))
      .update(name)
      .digest('hex')
      .slice(0, DIGITS);
}

/** To be called at the start of a service that writes names of alerts to Redis. */
export function warnOfPlainDigests({ digestSecret }: DigestConfiguration, logger: Logger): void {
  if (digestSecret !== undefined) return;
  logger.warn('the names of alerts are plain digests in Redis: who reads it can test which dedup keys are in use', {
    advice: `set ${digestVariables.digestSecret.name}`,
  });
}
