import {
  createScrubber,
  parseRules,
  type Rule,
  RulesError,
  type Scrubber,
  type ScrubberOptions,
  ScrubberOptionsError,
} from '@pdaltagent/scrubber';
import { ConfigurationError, type Logger } from '@pdaltagent/service';
import { readFileSync } from 'node:fs';
import { Counter, type Registry } from 'prom-client';
import { type Configuration } from './configuration';
import { type Scrub } from './ports';

const VARIABLES: Partial<Record<keyof ScrubberOptions, string>> = {
  detectors: 'PDAGENTD_SCRUB_DETECTORS',
  except: 'PDAGENTD_SCRUB_EXCEPT',
  tokens: 'PDAGENTD_SCRUB_TOKENS',
  mask: 'PDAGENTD_SCRUB_MASK',
  keep: 'PDAGENTD_SCRUB_KEEP',
};

/**
 * Takes personal data out of events and counts, by kind, how many values were replaced; undefined where that is not asked for.
 * @throws ConfigurationError
 */
export function createScrub(configuration: Configuration, registry: Registry, log: Logger): Scrub | undefined {
  if (!configuration.scrub) return undefined;
  const scrubber = scrubberOf(configuration);
  if (configuration.scrubSecret === undefined) {
    log.warn('personal data in dedup keys stays as it is: PDAGENTD_SCRUB_SECRET is not set');
  }
  const replaced = new Counter({
    name: 'pdaltagent_gateway_scrubbed_values_total',
    help: 'Values that were replaced in events because they are personal or secret, by kind.',
    labelNames: ['kind'],
    registers: [registry],
  });
  return ({ type, contentType, body }) => {
    const { bytes, found } = scrubber.scrubBody(type, contentType, body);
    for (const [kind, count] of Object.entries(found)) replaced.inc({ kind }, count);
    return bytes;
  };
}

function scrubberOf(configuration: Configuration): Scrubber {
  const detectors = namesIn(configuration.scrubDetectors);
  try {
    return createScrubber({
      ...(detectors.length === 0 ? {} : { detectors }),
      except: namesIn(configuration.scrubExcept),
      rules: rulesIn(configuration.scrubRules),
      ...(configuration.scrubSecret === undefined ? {} : { secret: configuration.scrubSecret }),
      tokens: configuration.scrubTokens,
      mask: namesIn(configuration.scrubMask),
      keep: namesIn(configuration.scrubKeep),
    });
  } catch (error) {
    if (!(error instanceof ScrubberOptionsError)) throw error;
    throw new ConfigurationError([`${VARIABLES[error.option] ?? error.option}: ${error.message}`]);
  }
}

function rulesIn(file: string | undefined): readonly Rule[] {
  if (file === undefined) return [];
  try {
    return parseRules(readFileSync(file, 'utf8'));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const where = error instanceof RulesError ? `${file}, ${problem}` : problem;
    throw new ConfigurationError([`PDAGENTD_SCRUB_RULES: ${where}`]);
  }
}

function namesIn(list: string | undefined): string[] {
  return (list ?? '').split(/[\s,]+/).filter((name) => name !== '');
}
