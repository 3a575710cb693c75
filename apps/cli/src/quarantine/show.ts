import { durationOf } from '../duration';
import { stripControlChars } from '../table';
import { CliError, type Terminal } from '../terminal';
import { eventOf, recordOf, shownBodyOf } from './event';
import { openQuarantine } from './folder';

export interface QuarantineShowOptions {
  readonly json?: true;
}

/** Prints everything about one event in the quarantine. @throws CliError if it does not exist */
export async function show(terminal: Terminal, id: string, { json }: QuarantineShowOptions): Promise<number> {
  const { out, now } = terminal;
  const entry = await (await openQuarantine(terminal)).read(id);
  if (entry === undefined) throw new CliError(`no event in the quarantine has the id ${id}`);
  const event = eventOf(entry);
  const record = recordOf(event, now());
  const { body, encoding } = shownBodyOf(event);
  if (json) {
    out(`${JSON.stringify({ ...record, body, encoding }, null, 2)}\n`);
    return 0;
  }
  const { age_seconds: age, ...facts } = record;
  const shown = { ...facts, age: age === null ? '-' : durationOf(age * 1000) };
  const lines = Object.entries(shown).map(
    ([name, value]) => `${`${name.replaceAll('_', ' ')}:`.padEnd(18)}${stripControlChars(String(value ?? '-'))}`,
  );
  const content =
    body === null
      ? ['the record cannot be read: pdaltagent quarantine export writes its bytes']
      : [`body (${encoding}):`, stripControlChars(body)];
  out([...lines, '', ...content, ''].join('\n'));
  return 0;
}
