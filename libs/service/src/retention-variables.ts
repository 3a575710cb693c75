import { limit } from './variable';

/** For the services that write dead letters, and delete them when they are too old or too many. */
export const retentionVariables = {
  deadLetterMaxAgeDays: limit(
    'PDAGENTD_DEAD_LETTER_MAX_AGE_DAYS',
    30,
    'dead letters are deleted once they have been dead letters for this long; days, or off to keep them',
    { min: 1, max: 36_500 },
  ),
  deadLetterMaxMegabytes: limit(
    'PDAGENTD_DEAD_LETTER_MAX_MB',
    1_024,
    'the oldest dead letters are deleted if all of them together are larger; megabytes, or off to keep them',
    { min: 10 },
  ),
};
