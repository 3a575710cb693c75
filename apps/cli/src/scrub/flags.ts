import { scrubVariables, type Variable } from '@pdaltagent/service';
import { type Terminal } from '../terminal';

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

/** The environment, with the command's options in place of their variables. */
export function environmentOf(flags: ScrubFlags, environment: Terminal['environment']): Terminal['environment'] {
  const changed: Record<string, string | undefined> = { ...environment };
  const replace = ({ name }: Variable<unknown>, value: string | undefined, file?: string): void => {
    if (value === undefined && file === undefined) return;
    changed[name] = value;
    changed[`${name}_FILE`] = file;
  };
  replace(scrubVariables.scrubDetectors, flags.detectors);
  replace(scrubVariables.scrubExcept, flags.except);
  replace(scrubVariables.scrubRules, flags.rules);
  replace(scrubVariables.scrubSecret, flags.secret, flags.secretFile);
  replace(scrubVariables.scrubTokens, flags.tokens && 'true');
  replace(scrubVariables.scrubMask, flags.mask);
  replace(scrubVariables.scrubKeep, flags.keep);
  return changed;
}
