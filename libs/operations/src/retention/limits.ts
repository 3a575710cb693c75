import { type ConfigurationOf, type retentionVariables } from '@pdaltagent/service';
import { type RetentionLimits } from './expired';

const DAY_MS = 86_400_000;

/** The limits that an operator has configured. */
export function retentionLimitsOf({
  deadLetterMaxAgeDays: days,
  deadLetterMaxMegabytes: megabytes,
}: ConfigurationOf<typeof retentionVariables>): RetentionLimits {
  return {
    maximumAgeMs: days === 'off' ? undefined : days * DAY_MS,
    maximumBytes: megabytes === 'off' ? undefined : megabytes * 1024 * 1024,
  };
}
