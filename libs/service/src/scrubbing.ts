import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import {
  createScrubber,
  parseRules,
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

/**
 * Time to scrub one event or webhook; milliseconds. The worst event of PagerDuty's maximum size takes about as long on a busy
 * machine, so that only a slow custom rule exceeds it.
 */
const SCRUB_TIME_MS = 2_000;

/** What the variables configure, with the content of the file of rules. It can be sent to a thread. */
export interface ScrubSettings {
  readonly options: Omit<ScrubberOptions, 'rules' | 'time'>;
  /** JSON. */
  readonly rules: string | undefined;
}

/** Reads the file of rules. @throws ConfigurationError */
export function scrubSettings(configuration: ScrubConfiguration): ScrubSettings {
  const detectors = namesOf(configuration.scrubDetectors);
  const options = {
    ...(detectors.length === 0 ? {} : { detectors }),
    except: namesOf(configuration.scrubExcept),
    ...(configuration.scrubSecret === undefined ? {} : { secret: configuration.scrubSecret }),
    tokens: configuration.scrubTokens,
    mask: namesOf(configuration.scrubMask),
    keep: namesOf(configuration.scrubKeep),
  };
  if (configuration.scrubRules === undefined) return { options, rules: undefined };
  try {
    return { options, rules: readFileSync(configuration.scrubRules, 'utf8') };
  } catch (error) {
    throw new ConfigurationError([`${scrubVariables.scrubRules.name}: ${reasonOf(error)}`]);
  }
}

/**
 * A scrubber with these settings and a time limit.
 * @param milliseconds the limit for one event or webhook
 * @throws ScrubberOptionsError, RulesError
 */
export function scrubberWith({ options, rules }: ScrubSettings, milliseconds = SCRUB_TIME_MS): Scrubber {
  const time = { clock: SYSTEM_CLOCK, milliseconds };
  return createScrubber({ ...options, ...(rules === undefined ? {} : { rules: parseRules(rules) }), time });
}

/** The scrubber that the variables configure; reads the file of rules, unless it was read before. @throws ConfigurationError */
export function configuredScrubber(
  configuration: ScrubConfiguration,
  settings: ScrubSettings = scrubSettings(configuration),
): Scrubber {
  try {
    return scrubberWith(settings);
  } catch (error) {
    if (error instanceof RulesError) {
      const { name } = scrubVariables.scrubRules;
      throw new ConfigurationError([`${name}: ${configuration.scrubRules ?? ''}, ${error.message}`]);
    }
    if (!(error instanceof ScrubberOptionsError)) throw error;
    throw new ConfigurationError([`${VARIABLES[error.option] ?? error.option}: ${error.problem}`]);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function namesOf(list: string | undefined): string[] {
  return (list ?? '').split(/[\s,]+/).filter((name) => name !== '');
}
