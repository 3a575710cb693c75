import { type Clock } from '@pdaltagent/clock';
import { selectDetectors, setsAndGroups } from './catalogue';
import { type Detector } from './detector';
import { PROTECTED_NAMES } from './field-policy';
import { detectorOf } from './rule-detector';
import { type Rule } from './rules';

/** Options of a scrubber. Defaults: the core detectors, plain placeholders, no custom rules. */
export interface ScrubberOptions {
  /** Names of sets, groups or detectors (`detectorNames`). Default `core`. */
  readonly detectors?: readonly string[];
  /** Names to exclude. */
  readonly except?: readonly string[];
  /** Custom rules, from `parseRules`. */
  readonly rules?: readonly Rule[];
  /** Key of the pseudonyms. Without one, dedup keys are not changed. */
  readonly secret?: string;
  /** Replaces values by `{{KIND:1f3a9c}}`, the same for the same value, instead of `{{KIND}}`. Needs the secret. */
  readonly tokens?: boolean;
  /** Paths whose values are always replaced, and paths that are never scanned. A path includes everything below it; `*` matches any member. */
  readonly mask?: readonly string[];
  readonly keep?: readonly string[];
  /** Characters scanned per body. The rest is replaced by `{{UNSCANNED}}`. Default 1,048,576. */
  readonly maxCharacters?: number;
  /** Time to scan one body, by this clock. What is not scanned by then is replaced by `{{UNSCANNED}}`. Default: no limit. */
  readonly time?: { readonly clock: Clock; readonly milliseconds: number };
}

/** Validated options with defaults. */
export interface ScrubberSettings {
  readonly detectors: readonly Detector[];
  readonly preciseDetectors: readonly Detector[];
  readonly secret: string | undefined;
  readonly tokens: boolean;
  readonly mask: readonly FieldPath[];
  readonly keep: readonly FieldPath[];
  readonly maxCharacters: number;
  readonly time: ScrubberOptions['time'];
  /** See `Scrubber`. */
  readonly quickCharacters: number;
}

/** The members of a path; `*` matches any. */
export type FieldPath = readonly string[];

/** The options are invalid. The message names the option and the problem. */
export class ScrubberOptionsError extends Error {
  override readonly name = 'ScrubberOptionsError';

  constructor(
    readonly option: keyof ScrubberOptions,
    readonly problem: string,
  ) {
    super(`${option}: ${problem}`);
  }
}

const DEFAULT_MAX_CHARACTERS = 1_048_576;
/** A half of what is promised for them: the machine may be slower or busy. */
const QUICK_MS = 25;
/** Time of all built-in detectors for one character of the worst text, measured on a busy machine; microseconds. */
const BUILT_IN_COST = 6;

/** Validates options. @throws ScrubberOptionsError for the first invalid one */
export function settingsOf(options: ScrubberOptions): ScrubberSettings {
  // Secrets from files often end with a line break, which would change every pseudonym.
  const secret = options.secret?.trim() || undefined;
  const maxCharacters = options.maxCharacters ?? DEFAULT_MAX_CHARACTERS;
  if (options.tokens === true && secret === undefined)
    throw new ScrubberOptionsError('tokens', 'tokens require a secret');
  if (!Number.isSafeInteger(maxCharacters) || maxCharacters < 0)
    throw new ScrubberOptionsError('maxCharacters', `${maxCharacters} is not a number of characters`);
  const excepted = new Set(chosen('except', options.except ?? []));
  const builtIn = chosen('detectors', options.detectors ?? ['core']).filter((detector) => !excepted.has(detector));
  const detectors = [...(options.rules ?? []).map(detectorOf), ...builtIn];
  return {
    detectors,
    preciseDetectors: detectors.filter((detector) => detector.precise === true),
    secret,
    tokens: options.tokens ?? false,
    mask: (options.mask ?? []).map((path) => fieldPath('mask', path)),
    keep: (options.keep ?? []).map((path) => fieldPath('keep', path)),
    maxCharacters,
    time: options.time,
    quickCharacters: quickCharacters(options.rules ?? []),
  };
}

function quickCharacters(rules: readonly Rule[]): number {
  const cost = rules.reduce((sum, rule) => sum + rule.cost, BUILT_IN_COST);
  return Math.floor((QUICK_MS * 1000) / cost);
}

function chosen(option: 'detectors' | 'except', names: readonly string[]): readonly Detector[] {
  const detectors = selectDetectors(names);
  if ('unknown' in detectors) {
    const problem = `unknown detector "${detectors.unknown}"; expected ${setsAndGroups.join(', ')}, or the name of one detector`;
    throw new ScrubberOptionsError(option, problem);
  }
  return detectors;
}

function fieldPath(option: 'mask' | 'keep', path: string): FieldPath {
  const members = path
    .trim()
    .replace(/\[(\d+|\*)\]/g, '.$1')
    .split('.');
  if (members.some((member) => member === ''))
    throw new ScrubberOptionsError(option, `"${path}" is not a path such as payload.custom_details.customer.*`);
  if (option === 'mask' && members.length === 1 && PROTECTED_NAMES.has(members[0] ?? '')) {
    throw new ScrubberOptionsError(option, `${path} is never changed: PagerDuty needs it as it is`);
  }
  return members;
}

/** Whether a field path matches this path or one above it. */
export function covers(pattern: FieldPath, place: readonly (string | number)[]): boolean {
  return (
    pattern.length <= place.length &&
    pattern.every((member, index) => member === '*' || member === String(place[index]))
  );
}
