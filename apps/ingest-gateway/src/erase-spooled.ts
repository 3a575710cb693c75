import { type DurablePublisher } from '@pdaltagent/forwarding';
import { readRecord } from '@pdaltagent/messaging';
import { type Erased, type EraseRequest, matcherOf, type Searched } from '@pdaltagent/operations';
import { SpoolError } from '@pdaltagent/spool';

/** Erases spooled events at an operator's request, or only counts them. */
export async function eraseSpooled(
  publisher: Pick<DurablePublisher, 'eraseSpooled'>,
  { criterion, dryRun }: EraseRequest,
): Promise<Erased> {
  const matches = matcherOf(criterion);
  try {
    const result = await publisher.eraseSpooled((record) => matches(searchedIn(record)), dryRun);
    return { ...result, problems: [] };
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    return { found: 0, erased: 0, problems: [`the spool was not searched to the end, erase again: ${error.message}`] };
  }
}

function searchedIn(record: Buffer): Searched {
  const read = readRecord(record);
  return read.kind === 'message'
    ? { body: read.message.body, message: read.message }
    : { body: record, message: undefined };
}
