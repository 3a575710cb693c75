import { selectDetectors } from './catalogue';
import { type Detector } from './detector';
import { PROTECTED_NAMES } from './field-policy';
import { detectorOf, type Rule } from './rules';

/** How a scrubber works. Everything has a default: the core detectors, plain placeholders, no own rules. */
export interface ScrubberOptions {
  /** Names of groups, families or detectors (`detectorNames`); default `core`. */
  readonly detectors?: readonly string[];
  /** Names to take out again. */
  readonly except?: readonly string[];
  /** Own rules, from `parseRules`. */
  readonly rules?: readonly Rule[];
  /** Key of pseudonyms. Without one, dedup keys stay as they are. */
  readonly secret?: string;
  /** Writes `{{KIND:1f3a9c}}`, the same for the same value, in place of `{{KIND}}`; needs the secret. */
  readonly tokens?: boolean;
  /** Paths whose values are always replaced, and paths that are never looked at; a path stands for all below it, `*` for any member. */
  readonly mask?: readonly string[];
  readonly keep?: readonly string[];
  /** Characters that are looked at in one body; what is beyond is replaced by `{{UNSCANNED}}`. Default 1,048,576. */
  readonly maxCharacters?: number;
}

/** The same, checked and complete. */
export interface Settings {
  readonly detectors: readonly Detector[];
  readonly preciseDetectors: readonly Detector[];
  readonly secret: string | undefined;
  readonly tokens: boolean;
  readonly mask: readonly FieldPath[];
  readonly keep: readonly FieldPath[];
  readonly maxCharacters: number;
}

/** A path as its members; `*` stands for any. */
export type FieldPath = readonly string[];

/** A scrubber cannot be made from these options; the message names the option and what is wrong with it. */
export class ScrubberOptionsError extends Error {
  override readonly name = 'ScrubberOptionsError';

  constructor(
    readonly option: keyof ScrubberOptions,
    problem: string,
  ) {
    super(`${option}: ${problem}`);
  }
}

const DEFAULT_MAX_CHARACTERS = 1_048_576;

/** Checks options. Throws ScrubberOptionsError for the first one that is wrong. */
export function settingsOf(options: ScrubberOptions): Settings {
  // A file or a Kubernetes Secret often ends with a line break: it would give every value another pseudonym.
  const secret = options.secret?.trim() || undefined;
  const maxCharacters = options.maxCharacters ?? DEFAULT_MAX_CHARACTERS;
  if (options.tokens === true && secret === undefined) throw new ScrubberOptionsError('tokens', 'tokens need a secret');
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
  };
}

function chosen(option: 'detectors' | 'except', names: readonly string[]): readonly Detector[] {
  const detectors = selectDetectors(names);
  if ('unknown' in detectors) throw new ScrubberOptionsError(option, `there is no detector "${detectors.unknown}"`);
  return detectors;
}

function fieldPath(option: 'mask' | 'keep', path: string): FieldPath {
  const members = path
    .trim()
    .replace(/\[(\d+|\*)\]/g, '.$1')
    .split('.');
  if (members.some((member) => member === ''))
    throw new ScrubberOptionsError(option, `"${path}" is not a path like payload.custom_details.customer.*`);
  if (option === 'mask' && members.length === 1 && PROTECTED_NAMES.has(members[0] ?? '')) {
    throw new ScrubberOptionsError(option, `${path} is never changed: PagerDuty needs it as it is`);
  }
  return members;
}

/** Whether a field path stands for this place or for one above it. */
export function covers(pattern: FieldPath, place: readonly (string | number)[]): boolean {
  return (
    pattern.length <= place.length &&
    pattern.every((member, index) => member === '*' || member === String(place[index]))
  );
}
