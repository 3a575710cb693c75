import { type Scrubber } from '@pdaltagent/scrubber';
import { ConfigurationError, configuredScrubber, readConfiguration, scrubVariables } from '@pdaltagent/service';
import { CliError, type Terminal } from '../terminal';

/** The options that override variables. */
export interface ScrubFlags {
  readonly detectors?: string;
  readonly except?: string;
  readonly rules?: string;
  readonly secret?: string;
  readonly secretFile?: string;
  readonly tokens?: true;
  readonly mask?: string;
  readonly keep?: string;
}

interface FlagOption {
  readonly flag: keyof ScrubFlags;
  /** As typed. */
  readonly option: string;
  /** The variable that it stands for, and the name under which the value is passed: the variable's, or `X_FILE`. */
  readonly variable: string;
  readonly name: string;
}

const SECRET = scrubVariables.scrubSecret.name;

const OPTIONS: readonly FlagOption[] = [
  optionOf('detectors', '--detectors', scrubVariables.scrubDetectors.name),
  optionOf('except', '--except', scrubVariables.scrubExcept.name),
  optionOf('rules', '--rules', scrubVariables.scrubRules.name),
  optionOf('secret', '--secret', SECRET),
  { flag: 'secretFile', option: '--secret-file', variable: SECRET, name: `${SECRET}_FILE` },
  optionOf('tokens', '--tokens', scrubVariables.scrubTokens.name),
  optionOf('mask', '--mask', scrubVariables.scrubMask.name),
  optionOf('keep', '--keep', scrubVariables.scrubKeep.name),
];

function optionOf(flag: keyof ScrubFlags, option: string, variable: string): FlagOption {
  return { flag, option, variable, name: variable };
}

/**
 * The scrubber with the command's options in place of their variables.
 * @throws CliError (exit code 2) that names an option with an invalid value; ConfigurationError for a variable or a file
 */
export function scrubberOf(flags: ScrubFlags, environment: Terminal['environment']): Scrubber {
  const passed = OPTIONS.filter(({ flag }) => flags[flag] !== undefined);
  const changed: Record<string, string | undefined> = { ...environment };
  for (const { flag, variable, name } of passed) {
    changed[variable] = changed[`${variable}_FILE`] = undefined;
    changed[name] = String(flags[flag]);
  }
  try {
    return configuredScrubber(readConfiguration(scrubVariables, changed));
  } catch (error) {
    throw error instanceof ConfigurationError ? withOptionNames(error, passed) : error;
  }
}

/** The same error in the words of the command line. An invalid file remains an invalid configuration. */
function withOptionNames({ problems }: ConfigurationError, passed: readonly FlagOption[]): Error {
  const isOf = (problem: string, { name }: FlagOption) =>
    problem.startsWith(`${name}:`) || problem.startsWith(`${name} `);
  const invalid = passed.filter((option) => problems.some((problem) => isOf(problem, option)));
  const named = problems.map((problem) => {
    const option = invalid.find((candidate) => isOf(problem, candidate));
    return option === undefined ? problem : option.option + problem.slice(option.name.length);
  });
  const isFile = invalid.every(({ flag }) => flag === 'rules' || flag === 'secretFile');
  return isFile ? new ConfigurationError(named) : new CliError(named.join('\n'), 2);
}
