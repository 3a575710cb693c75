import { describeDetectors } from '@pdaltagent/scrubber';
import { Command, Option } from 'commander';
import { type CommandRunner } from '../dead-letters/command';
import { alignColumns } from '../table';
import { CliError, type Terminal } from '../terminal';
import { formatExplanation } from './explanation';
import { bytesOf } from './input';
import { scrubLines } from './lines';
import { type ScrubFlags, scrubberOf } from './flags';
import { bodyTypeOf } from './event-type';

interface ScrubOptions extends ScrubFlags {
  readonly jsonl?: true;
  readonly explain?: true;
  readonly key?: string;
  readonly list?: true;
}

export function scrubCommand(terminal: Terminal, run: CommandRunner): Command {
  return new Command('scrub')
    .description('print an event or text as it would be stored with scrubbing enabled')
    .argument('[file]', 'an event as JSON, or any text (default: standard input)')
    .addOption(new Option('--jsonl', 'read lines {"id", "text", "key"?}, write lines {"id", "text"}'))
    .option('--explain', 'show what was found where and by which detector; with --jsonl: as "found" in each line')
    .option('--key <name>', 'treat plain text as the value of this object key, for example customer_phone')
    .option('--list', 'list the detectors')
    .option('--detectors <names>', 'what to look for: names of detectors or groups (core, seed, all)')
    .option('--except <names>', 'detectors or groups to exclude')
    .option('--rules <file>', 'file of custom patterns (JSON)')
    .option('--secret-file <file>', 'file with the HMAC key for pseudonyms')
    .addOption(new Option('--secret <key>', 'the key itself; visible to other users').conflicts('secretFile'))
    .option('--tokens', 'give equal values the same token; needs the HMAC key')
    .option('--mask <paths>', 'paths that are always replaced')
    .option('--keep <paths>', 'paths that are never scrubbed')
    .addHelpText('after', HELP)
    .action((file: string | undefined, options: ScrubOptions) => run(scrub(terminal, file, options)));
}

/** @returns 0, or 1 if a line was invalid */
async function scrub(terminal: Terminal, file: string | undefined, options: ScrubOptions): Promise<number> {
  if (options.list) {
    terminal.out(detectorList());
    return 0;
  }
  if (options.jsonl && options.key !== undefined) throw new CliError('with --jsonl each line has its own "key"', 2);
  const scrubber = scrubberOf(options, terminal.environment);
  const input = bytesOf(file, terminal);
  if (options.jsonl) return scrubLines(input, scrubber, terminal, options.explain === true);
  const pieces: Uint8Array[] = [];
  for await (const piece of input) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (options.explain) terminal.out(formatExplanation(bytes, scrubber, options.key));
  else if (options.key !== undefined) terminal.out(scrubber.scrubText(bytes.toString(), options.key).text);
  else terminal.out(scrubber.scrubBody(bodyTypeOf(bytes), 'text/plain', bytes).bytes.toString());
  return 0;
}

function detectorList(): string {
  const rows = describeDetectors().map(({ name, group, kind, inCore, example }) => [
    name,
    group,
    `{{${kind}}}`,
    inCore ? 'on' : 'off',
    example.length > 48 ? `${example.slice(0, 47)}…` : example.replaceAll('\n', ' '),
  ]);
  return alignColumns([['DETECTOR', 'GROUP', 'WRITES', 'BY DEFAULT', 'EXAMPLE'], ...rows]);
}

const HELP = `
Settings are read from the gateway's variables (PDAGENTD_SCRUB_DETECTORS, _EXCEPT, _RULES, _SECRET, _TOKENS, _MASK,
_KEEP); an option overrides its variable. An object with "routing_key", "service_key", "event_action" or "event_type"
is scrubbed as an event, any other JSON as a vendor's body, in which JSON inside strings is scrubbed too.

examples:
  echo 'mail ann@example.com' | pdaltagent scrub --explain
  pdaltagent scrub event.json --detectors all --except phone

exit codes: 0 success, 1 the input cannot be read or a line of --jsonl is invalid, 2 the command line is invalid,
78 a variable, the rules file or the key's file is invalid
`;
