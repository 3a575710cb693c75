import { parseArgs } from 'node:util';
import { CliError } from '../terminal';

/** A command line of PagerDuty Agent's pd-queue. */
export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'status'; readonly key: string | undefined }
  | { readonly kind: 'retry'; readonly key: string | undefined };

/** @throws CliError with PagerDuty Agent's own message, if it has one */
export function parse(words: readonly string[]): Request {
  const { values, positionals } = parseWords(words);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [command, ...rest] = positionals;
  if (command === undefined) throw new CliError('the following arguments are required: command', 2);
  if (rest.length > 0) throw new CliError(`unrecognized arguments: ${rest.join(' ')}`, 2);
  const { 'service-key': key, 'all-keys': all = false } = values;
  if (key === '') throw new CliError('argument -k/--service-key: expected one argument', 2);
  if (command === 'status') {
    if (all) throw new CliError('unrecognized arguments: -a', 2);
    return { kind: 'status', key };
  }
  if (command !== 'retry') {
    throw new CliError(`argument command: invalid choice: '${command}' (choose from 'status', 'retry')`, 2);
  }
  if (!all && key === undefined) throw new CliError('A specific service key or a flag for all keys required', 2);
  if (all && key !== undefined) {
    throw new CliError('Only one of specific service key or flag for all keys required', 2);
  }
  return { kind: 'retry', key };
}

function parseWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'V' },
        'service-key': { type: 'string', short: 'k' },
        'all-keys': { type: 'boolean', short: 'a' },
      },
    });
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), 2);
  }
}
