import { type FactStream, JournalUnavailable, openJournalReader } from '@pdaltagent/journal';
import { brokerVariables, journalLimitVariables, readConfiguration } from '@pdaltagent/service';
import { Option } from 'commander';
import { CliError, type Terminal } from '../terminal';

/** The journal of the broker with these settings. Nothing is connected yet. */
export function openStream({ environment }: Pick<Terminal, 'environment'>, command: string): FactStream {
  const configuration = readConfiguration({ ...brokerVariables, ...journalLimitVariables }, environment);
  return openJournalReader(configuration, `pdaltagent ${command}`);
}

/** Answers from the index of the journal, which has also what the stream dropped by its age. */
export const indexOption = (): Option =>
  new Option('--index', 'from an index in PDAGENTD_STATE_DIR/history, into which only what is new is read');

/** For commands that have nothing to say without the journal. @throws CliError that says why it cannot be read */
export async function requiringJournal<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof JournalUnavailable)) throw error;
    throw new CliError(error.message);
  }
}
