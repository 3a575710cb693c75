import {
  createScrubber,
  parseRules,
  type Rule,
  RulesError,
  type Scrubber,
  type ScrubberOptions,
  ScrubberOptionsError,
} from '@pdaltagent/scrubber';
import { readFileSync } from 'node:fs';
import { ConfigurationError, type ConfigurationOf } from './configuration';
import { flag, secret, text } from './variable';

/** How personal and secret data is found and replaced: the same for every process that scrubs. */
export const scrubVariables = {
  scrubDetectors: text(
    'PDAGENTD_SCRUB_DETECTORS',
    undefined,
    'what to look for: names of detectors or groups, separated by commas',
  ),
  scrubExcept: text('PDAGENTD_SCRUB_EXCEPT', undefined, 'detectors or groups to exclude'),
  scrubSecret: secret(
    'PDAGENTD_SCRUB_SECRET',
    'HMAC key for pseudonyms; without it, personal data in dedup keys is not replaced',
  ),
  scrubTokens: flag('PDAGENTD_SCRUB_TOKENS', false, 'the same value gets the same token: {{EMAIL_ADDRESS:1f3a9c}}'),
  scrubRules: text('PDAGENTD_SCRUB_RULES', undefined, 'file of custom patterns (JSON)'),
  scrubMask: text(
    'PDAGENTD_SCRUB_MASK',
    undefined,
    'paths whose values are always replaced, for example payload.custom_details.customer',
  ),
  scrubKeep: text('PDAGENTD_SCRUB_KEEP', undefined, 'paths that are never scrubbed'),
};

export type ScrubConfiguration = ConfigurationOf<typeof scrubVariables>;

const VARIABLES: Partial<Record<keyof ScrubberOptions, string>> = {
  detectors: scrubVariables.scrubDetectors.name,
  except: scrubVariables.scrubExcept.name,
  tokens: scrubVariables.scrubTokens.name,
  mask: scrubVariables.scrubMask.name,
  keep: scrubVariables.scrubKeep.name,
};

/** The scrubber that the variables configure; reads the file of rules. @throws ConfigurationError */
export function configuredScrubber(configuration: ScrubConfiguration): Scrubber {
  const detectors = namesOf(configuration.scrubDetectors);
  try {
    return createScrubber({
      ...(detectors.length === 0 ? {} : { detectors }),
      except: namesOf(configuration.scrubExcept),
      rules: rulesIn(configuration.scrubRules),
      ...(configuration.scrubSecret === undefined ? {} : { secret: configuration.scrubSecret }),
      tokens: configuration.scrubTokens,
      mask: namesOf(configuration.scrubMask),
      keep: namesOf(configuration.scrubKeep),
    });
  } catch (error) {
    if (!(error instanceof ScrubberOptionsError)) throw error;
    throw new ConfigurationError([`${VARIABLES[error.option] ?? error.option}: ${error.problem}`]);
  }
}

function rulesIn(file: string | undefined): readonly Rule[] {
  if (file === undefined) return [];
  try {
    return parseRules(readFileSync(file, 'utf8'));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const where = error instanceof RulesError ? `${file}, ${problem}` : problem;
    throw new ConfigurationError([`${scrubVariables.scrubRules.name}: ${where}`]);
  }
}

function namesOf(list: string | undefined): string[] {
  return (list ?? '').split(/[\s,]+/).filter((name) => name !== '');
}
