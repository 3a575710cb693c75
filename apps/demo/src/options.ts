import { parseArgs } from 'node:util';
import lines from './help.json';

/** The help is in a JSON file, which `npm start -- --help` reads before anything is built (tools/start.mjs). */
export const HELP = `${lines.join('\n')}\n`;

export const FAULTS = ['swallow', 'double', 'swap'] as const;
export type FaultName = (typeof FAULTS)[number];

export type Command =
  | { kind: 'help' }
  | { kind: 'demo'; assumeYes: boolean }
  | { kind: 'check'; assumeYes: boolean; faults: readonly FaultName[] }
  | { kind: 'prepare'; assumeYes: boolean }
  | { kind: 'live' };

/** An invalid command line. */
export class UsageError extends Error {}

/** @throws UsageError for unknown options and invalid combinations */
export function parseOptions(args: string[], environment: NodeJS.ProcessEnv): Command {
  const values = parseWords(args);
  if (values.help) return { kind: 'help' };
  const modes = (['check', 'live', 'prepare'] as const).filter((name) => values[name]);
  if (modes.length > 1) throw new UsageError(`--${modes.join(' and --')} cannot be combined`);
  const mode = modes[0] ?? 'demo';
  const faults = values.fault.map(faultOf);
  if (faults.length > 0 && mode !== 'check') throw new UsageError('--fault requires --check');
  if (mode === 'live') return { kind: 'live' };
  const assumeYes = values.yes || environment['CI'] === 'true';
  return mode === 'check' ? { kind: mode, assumeYes, faults } : { kind: mode, assumeYes };
}

function parseWords(args: string[]) {
  const on = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args,
      options: {
        check: on,
        live: on,
        prepare: on,
        yes: on,
        help: { ...on, short: 'h' },
        fault: { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function faultOf(name: string): FaultName {
  const fault = FAULTS.find((known) => known === name);
  if (fault === undefined) throw new UsageError(`--fault must be one of ${FAULTS.join(', ')}`);
  return fault;
}
