import { type Edit, mapBack } from './edits';
import { type FieldPolicy, isHighPriority, keyOf, nagiosPolicyOf, policyOf } from './field-policy';
import { isJson, type JsonScalar, unescapeJson, walkJson } from './json-strings';
import { covers, type ScrubberSettings } from './options';
import { keyPseudonym, placeholder, token, wholeKeyPseudonym } from './pseudonym';
import { type Budget, newBudget } from './scan-context';
import { type ScannedText, type ScanOptions, scanText } from './scan-text';
import { encodePlaceholder, urlFilter } from './url-filter';
import { type CleanTextCache } from './clean-text-cache';
import { decodeEscapes } from './normalized-text';
import { TimeLimit, TimeOver } from './time-limit';
import { webhookPolicyOf } from './webhook-policy';

type Path = readonly (string | number)[];

/** PagerDuty's limit for a dedup key (Events API v2, v1's incident_key). */
const MAX_DEDUP_KEY_LENGTH = 255;
/** Characters of dedup keys that are scanned even if the time is over: the same key must get the same pseudonym in every event. */
const ALWAYS_SCANNED = 4_096;
/** In longer bodies, what responders read first is scanned first, because the time may not suffice for everything. */
const MAX_IN_ORDER = 16_384;
const MAX_NESTING = 6;
/** Amazon SNS's request to confirm a subscription. PagerDuty needs its token. */
const SNS_CONFIRMATION = /"Type"\s{0,9}:\s{0,9}"(?:Subscription|Unsubscribe)Confirmation"/;

const NOTHING: readonly Edit[] = [];
const UNSCANNED = { kind: 'UNSCANNED', detector: 'budget', text: '{{UNSCANNED}}' };

/** Policies under which a string is scanned. */
type ScannedPolicy = 'text' | 'precise' | 'url';

/** How a kind of body is scrubbed. */
export interface BodyKind {
  readonly policyOf: (path: Path) => FieldPolicy;
  /** Whether strings that contain JSON are scrubbed as JSON, so that they stay valid JSON. */
  readonly parsesNestedJson: boolean;
}

/** Events of PagerDuty's APIs, bodies of vendors, those of Nagios's plug-in, and webhooks. */
export const EVENT: BodyKind = { policyOf, parsesNestedJson: false };
export const VENDOR_BODY: BodyKind = { policyOf, parsesNestedJson: true };
export const NAGIOS_BODY: BodyKind = { policyOf: nagiosPolicyOf, parsesNestedJson: true };
export const WEBHOOK: BodyKind = { policyOf: webhookPolicyOf, parsesNestedJson: false };

/** Scrubs one body: keeps its remaining characters and budget, and applies the policy of each string. */
export class BodyScrub {
  private readonly budget: Budget;
  private remaining: number;
  private alwaysScanned = ALWAYS_SCANNED;

  constructor(
    private readonly settings: ScrubberSettings,
    private readonly kind: BodyKind,
    /** Texts of other bodies in which nothing was found with the same settings. */
    private readonly clean?: Readonly<Record<ScannedPolicy, CleanTextCache>>,
  ) {
    this.remaining = settings.maxCharacters;
    const { time } = settings;
    this.budget = newBudget(new TimeLimit(time?.clock, time?.milliseconds));
  }

  /** The placeholder or token that replaces a value. */
  private readonly replacement = (kind: string, value: string): string => {
    const { secret, tokens } = this.settings;
    return tokens && secret !== undefined ? token(secret, kind, value) : placeholder(kind);
  };

  /** Scans a plain text under an object key. Text beyond the limit is replaced as a whole. */
  scanText(text: string, key: string): ScannedText {
    if (text.length <= this.remaining) {
      this.remaining -= text.length;
      return this.scanInTime(text, key, this.scanFor('text')) ?? unscanned(text);
    }
    const blank = Math.max(text.lastIndexOf(' ', this.remaining), text.lastIndexOf('\n', this.remaining));
    const cut = Math.max(blank, 0);
    this.remaining = 0;
    const scanned = this.scanInTime(text.slice(0, cut), key, this.scanFor('text'));
    if (scanned === undefined) return unscanned(text);
    const rest = { ...UNSCANNED, start: cut, end: text.length };
    return { text: scanned.text + rest.text, edits: [...scanned.edits, rest] };
  }

  /** The result of a scan, or undefined if there was not enough time for all of it. */
  private scanInTime(text: string, key: string, options: ScanOptions): ScannedText | undefined {
    if (this.budget.time.isOver) return undefined;
    try {
      return scanText(text, key, options);
    } catch (error) {
      if (error instanceof TimeOver) return undefined;
      throw error;
    }
  }

  /** Edits of a valid JSON text at `place`, nested in `depth` strings. */
  jsonEdits(text: string, place: Path = [], depth = 0): readonly Edit[] {
    const edits: Edit[] = [];
    const confirms = this.kind.parsesNestedJson && place.length === 0 && SNS_CONFIRMATION.test(text);
    const visit = (scalar: JsonScalar): void => {
      if (confirms && scalar.path.length === 1 && scalar.path[0] === 'Token') return;
      for (const edit of this.scalarEdits(text, scalar, place, depth))
        edits.push(edit.path === undefined ? { ...edit, path: [...place, ...scalar.path] } : edit);
    };
    if (text.length <= Math.min(this.remaining, MAX_IN_ORDER)) walkJson(text, visit);
    else {
      for (const isFirst of [true, false])
        walkJson(text, (scalar) => {
          if (isHighPriority(scalar.path) === isFirst) visit(scalar);
        });
      edits.sort((a, b) => a.start - b.start);
    }
    return edits;
  }

  /** Edits of a form (application/x-www-form-urlencoded), value by value. */
  formEdits(text: string): readonly Edit[] {
    const edits: Edit[] = [];
    for (let start = 0; start < text.length;) {
      const found = text.indexOf('&', start);
      const end = found < 0 ? text.length : found;
      const sign = text.slice(start, end).indexOf('=');
      const valueStart = sign < 0 ? start : start + sign + 1;
      const normalized = decodeEscapes(text.slice(valueStart, end), true);
      const name = sign < 0 ? '' : decodeEscapes(text.slice(start, valueStart - 1), true).text;
      for (const edit of mapBack(this.fieldEdits(normalized.text, name), normalized, valueStart))
        edits.push({ ...edit, text: encodeURIComponent(edit.text), path: edit.path ?? [name] });
      start = end + 1;
    }
    return edits;
  }

  /** Edits of a form's field, by the same rules as those of a JSON string. */
  private fieldEdits(text: string, name: string): readonly Edit[] {
    const policy = this.kind.policyOf([name]);
    const { keep, mask } = this.settings;
    if (policy === 'protected' || text === '' || keep.some((pattern) => covers(pattern, [name]))) return NOTHING;
    const masked = mask.some((pattern) => covers(pattern, [name]));
    if (policy === 'dedup') return this.dedupEdits(text, masked);
    if (masked) return [{ start: 0, end: text.length, kind: 'MASKED', detector: 'mask', text: '{{MASKED}}' }];
    return isJson(text) ? this.jsonEdits(text, [name]) : this.scanText(text, name).edits;
  }

  private scalarEdits(text: string, scalar: JsonScalar, place: Path, depth: number): readonly Edit[] {
    const { start, end, type } = scalar;
    const path = place.length === 0 ? scalar.path : [...place, ...scalar.path];
    const policy = this.kind.policyOf(scalar.path);
    if (policy === 'protected' || start === end || this.settings.keep.some((pattern) => covers(pattern, path)))
      return [];
    const masked = this.settings.mask.some((pattern) => covers(pattern, path));
    if (type === 'number')
      return masked ? [{ start, end, kind: 'MASKED', detector: 'mask', text: quoted('{{MASKED}}', depth) }] : [];
    if (policy === 'dedup') {
      const normalized = unescapeJson(text.slice(start, end));
      return mapBack(this.dedupEdits(normalized.text, masked), normalized, start);
    }
    if (masked) return [{ start, end, kind: 'MASKED', detector: 'mask', text: '{{MASKED}}' }];
    const normalized = unescapeJson(text.slice(start, end));
    if (this.kind.parsesNestedJson && depth < MAX_NESTING && isJson(normalized.text)) {
      return mapBack(this.jsonEdits(normalized.text, path, depth + 1), normalized, start);
    }
    if (normalized.text.length > this.remaining) {
      this.remaining = 0;
      return [{ ...UNSCANNED, start, end }];
    }
    this.remaining -= normalized.text.length;
    const key = keyOf(path);
    if (this.clean?.[policy].has(normalized.text, key) === true) return NOTHING;
    const { lookups, hashes } = this.budget;
    const scanned = this.scanInTime(normalized.text, key, this.scanFor(policy));
    if (scanned === undefined) return [{ ...UNSCANNED, start, end }];
    const { edits } = scanned;
    if (edits.length > 0) return mapBack(edits, normalized, start);
    // A text that used up budget is scanned again, so that the result does not depend on earlier bodies.
    if (this.budget.lookups === lookups && this.budget.hashes === hashes)
      this.clean?.[policy].add(normalized.text, key);
    return NOTHING;
  }

  /** Replaces values in a dedup key by pseudonyms, so that a resolve still matches its trigger. Without a secret, it is unchanged. */
  private dedupEdits(text: string, masked: boolean): readonly Edit[] {
    const { secret, detectors } = this.settings;
    if (secret === undefined) return [];
    const replacement = (kind: string, value: string): string => keyPseudonym(secret, kind, value);
    this.alwaysScanned -= text.length;
    const scan = { detectors, budget: this.alwaysScanned >= 0 ? newBudget() : this.budget, replacement };
    const scanned = this.alwaysScanned >= 0 ? scanText(text, '', scan) : this.scanInTime(text, '', scan);
    const edits = scanned?.edits ?? [UNSCANNED];
    if (edits.length === 0 && !masked) return [];
    if (!masked && scanned !== undefined && scanned.text.length <= MAX_DEDUP_KEY_LENGTH) return scanned.edits;
    const { kind, detector } = edits[0] ?? { kind: 'MASKED', detector: 'mask' };
    return [{ start: 0, end: text.length, kind, detector, text: wholeKeyPseudonym(secret, text) }];
  }

  private scanFor(policy: ScannedPolicy): ScanOptions {
    const { settings, budget, replacement } = this;
    switch (policy) {
      case 'text':
        return { detectors: settings.detectors, budget, replacement };
      case 'precise':
        return { detectors: settings.preciseDetectors, budget, replacement };
      case 'url':
        return {
          detectors: settings.detectors,
          budget,
          filter: urlFilter,
          replacement: (kind, value) => encodePlaceholder(replacement(kind, value)),
        };
    }
  }
}

const unscanned = (text: string): ScannedText =>
  text === ''
    ? { text, edits: NOTHING }
    : { text: UNSCANNED.text, edits: [{ ...UNSCANNED, start: 0, end: text.length }] };

/** A JSON string, with its quotes escaped once per level of nesting. */
function quoted(value: string, depth: number): string {
  const quote = `${'\\'.repeat(2 ** depth - 1)}"`;
  return `${quote}${value}${quote}`;
}
