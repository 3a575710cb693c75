import { open, rm } from 'node:fs/promises';
import { operatorAction, recordActions } from '../journal/record-actions';
import { CliError, type Terminal } from '../terminal';
import { type QuarantinedEvent, recordOf, shownBodyOf } from './event';
import { countText, eventsIn, openQuarantine, reasonOf } from './folder';

export interface ExportOptions {
  readonly id?: readonly string[];
}

/**
 * Writes events as JSON lines, to a new file or to standard output; `record` has the stored bytes in base64, which include
 * the routing key. Removes nothing.
 * @returns 0 if every requested event was written
 */
export async function exportEvents(
  terminal: Terminal,
  file: string | undefined,
  { id: ids }: ExportOptions,
): Promise<number> {
  const quarantine = await openQuarantine(terminal);
  const missing = new Set(ids);
  const now = terminal.now();
  let count = 0;
  const writeAll = async (write: (line: string) => Promise<void>): Promise<void> => {
    for await (const event of eventsIn(quarantine)) {
      if (ids !== undefined && !missing.delete(event.id)) continue;
      await write(`${JSON.stringify(exportedOf(event, now))}\n`);
      count += 1;
    }
  };
  if (file === undefined) await writeAll((line) => Promise.resolve(terminal.out(line)));
  else await intoFile(file, writeAll);
  for (const id of missing) terminal.error(`no event in the quarantine has the id ${id}\n`);
  terminal.error(`${countText(count)} exported${file === undefined ? '' : ` to ${file}`}\n`);
  if (count > 0) await recordActions(terminal, operatorAction('quarantine export', countText(count)));
  return missing.size > 0 ? 1 : 0;
}

function exportedOf(event: QuarantinedEvent, now: number) {
  return { ...recordOf(event, now), ...shownBodyOf(event), record: event.entry.record.toString('base64') };
}

/** Writes the file completely and synced, or not at all: the events may be discarded next. @throws CliError */
async function intoFile(
  file: string,
  writeAll: (write: (line: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw new CliError(`${file} cannot be written: ${reasonOf(error)}`);
  });
  try {
    await writeAll((line) => handle.appendFile(line));
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw new CliError(`${file} cannot be written: ${reasonOf(error)}`);
  } finally {
    await handle.close();
  }
}
