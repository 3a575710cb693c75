import { type DurablePublisher, type SearchFailure } from '@pdaltagent/forwarding';
import { readRecord } from '@pdaltagent/messaging';
import { type Erased, type EraseRequest, matcherOf, type Searched } from '@pdaltagent/operations';

const PROBLEMS: Readonly<Record<SearchFailure['step'], string>> = {
  search: 'the spool was not searched to the end, erase again',
  purge: 'erased events may still be in the files of the spool, erase again, which rewrites them',
};

/**
 * Erases spooled events at an operator's request, or only counts them.
 * @param onErased called with the id of each erased event, and who erased it; a record that cannot be read has no id
 */
export async function eraseSpooled(
  publisher: Pick<DurablePublisher, 'eraseSpooled'>,
  { criterion, dryRun, by = 'an operator of this host' }: EraseRequest,
  onErased: (id: string, by: string) => void,
): Promise<Erased> {
  const matches = matcherOf(criterion);
  const { found, erased, failures } = await publisher.eraseSpooled(
    (record) => matches(searchedIn(record)),
    dryRun,
    (record) => {
      const read = readRecord(record);
      if (read.kind === 'message') onErased(read.message.id, by);
    },
  );
  return { found, erased, problems: failures.map(({ step, error }) => `${PROBLEMS[step]}: ${error.message}`) };
}

function searchedIn(record: Buffer): Searched {
  const read = readRecord(record);
  return read.kind === 'message'
    ? { body: read.message.body, message: read.message }
    : { body: record, message: undefined };
}
