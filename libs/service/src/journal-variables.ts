import { choice, flag, integer } from './variable';

/** How much of an event's text the journal has. */
export const JOURNAL_TEXTS = ['full', 'keys', 'none'] as const;
export type JournalText = (typeof JOURNAL_TEXTS)[number];

/** The journal's stream: must be the same in every process that may declare it, and in those that read it. */
export const journalLimitVariables = {
  journalMaxAgeSeconds: integer(
    'PDAGENTD_JOURNAL_MAX_AGE_SECONDS',
    604_800,
    'what the journal says is not shown any more once it is this old; seconds',
    { min: 60, max: 3_153_600_000 },
  ),
  journalMaxBytes: integer(
    'PDAGENTD_JOURNAL_MAX_BYTES',
    2_000_000_000,
    'the oldest part of the journal is deleted in RabbitMQ if the whole of it is larger; bytes',
    { min: 50_000_000 },
  ),
};

/** For processes that make an index of the journal. */
export const historyVariables = {
  historyMaxAgeSeconds: integer(
    'PDAGENTD_HISTORY_MAX_AGE_SECONDS',
    2_592_000,
    'what is older is removed from the index of the journal; seconds',
    { min: 60, max: 3_153_600_000 },
  ),
  historyMaxBytes: integer(
    'PDAGENTD_HISTORY_MAX_BYTES',
    3_000_000_000,
    'the oldest part of the index of the journal is removed if it is larger; bytes',
    { min: 50_000_000 },
  ),
};

/** For processes that write the journal. */
export const journalVariables = {
  journal: flag('PDAGENTD_JOURNAL', true, 'write what happens to each event into the journal, a stream in RabbitMQ'),
  journalText: choice(
    'PDAGENTD_JOURNAL_TEXT',
    JOURNAL_TEXTS,
    'full',
    'text in the journal, after scrubbing: full; keys: without summary, source, severity and answers; none: without the dedup key too',
  ),
  ...journalLimitVariables,
};
