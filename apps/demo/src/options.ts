import { parseArgs } from 'node:util';

export const HELP = `npm start [-- options]

Without options: a demo. Brings up a private RabbitMQ and Redis, a simulated PagerDuty and all services, sends a few events
and shows how they travel. Nothing reaches PagerDuty, and no server that your environment names is touched. Ctrl-C ends it.

  --check    unattended: sends 200 events, verifies that each arrived once and in order and that the webhooks arrived,
             prints a table; exit code 0 if all is well, 1 if not
  --live     the services only, with the servers, ports and PagerDuty that the environment names (PDAGENTD_…)
  --prepare  only makes sure that a RabbitMQ and a Redis can be started, and what else the tests run
  --yes      install missing server packages (apt-get, as root) without asking; CI=true means the same
  --fault <swallow|double|swap>
             with --check: the simulator does this to one event, so the check must fail; proves that it looks
  --help     this text
`;

export const FAULTS = ['swallow', 'double', 'swap'] as const;
export type FaultName = (typeof FAULTS)[number];

export type Command =
  | { kind: 'help' }
  | { kind: 'demo'; assumeYes: boolean }
  | { kind: 'check'; assumeYes: boolean; fault?: FaultName }
  | { kind: 'prepare'; assumeYes: boolean }
  | { kind: 'live' };

/** A command line that says nothing we can do. */
export class UsageError extends Error {}

/** @throws UsageError for unknown options and combinations without a meaning. */
export function parseOptions(args: string[], environment: NodeJS.ProcessEnv): Command {
  const values = parsed(args);
  if (values.help) return { kind: 'help' };
  const modes = (['check', 'live', 'prepare'] as const).filter((name) => values[name]);
  if (modes.length > 1) throw new UsageError(`--${modes.join(' and --')} exclude each other`);
  const mode = modes[0] ?? 'demo';
  const fault = faultOf(values.fault);
  if (fault !== undefined && mode !== 'check') throw new UsageError('--fault goes with --check only');
  if (mode === 'live') return { kind: 'live' };
  const assumeYes = values.yes || environment['CI'] === 'true';
  return { kind: mode, assumeYes, ...(fault === undefined ? {} : { fault }) };
}

function parsed(args: string[]) {
  const on = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args,
      options: { check: on, live: on, prepare: on, yes: on, help: { ...on, short: 'h' }, fault: { type: 'string' } },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function faultOf(name: string | undefined): FaultName | undefined {
  if (name === undefined) return undefined;
  const fault = FAULTS.find((known) => known === name);
  if (fault === undefined) throw new UsageError(`--fault is one of ${FAULTS.join(', ')}`);
  return fault;
}
