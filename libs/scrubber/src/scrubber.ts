import { type EventType, isApiType } from '@pdaltagent/events';
import { encodingOf } from './body-encoding';
import { BodyScrub, EVENT, NAGIOS_BODY, VENDOR_BODY, WEBHOOK } from './body-scrub';
import { CleanTextCache } from './clean-text-cache';
import { detect, type Finding, findingOf } from './detect';
import { person, personsNamed, userNamesIn } from './detectors/person';
import { applyEdits, type Edit } from './edits';
import { isJson } from './json-strings';
import { type ScrubberOptions, type ScrubberSettings, settingsOf } from './options';
import { newBudget } from './scan-context';

/** The number of replaced values by kind. */
export type FindingCounts = Readonly<Record<string, number>>;

/** One replacement: its position (UTF-16 units of the whole text, and the JSON path), kind and detector. */
export type Replacement = Edit;

/** Replaces personal and secret data in events and texts. The same input gives the same output in every process with the same options, unless its time does not suffice. */
export interface Scrubber {
  /** Texts of up to this many characters are scrubbed in less than 50 ms. */
  readonly quickCharacters: number;
  /**
   * Scrubs a body: JSON and forms value by value, anything else as text. Every byte that is not replaced stays the same. Returns
   * the same Buffer if nothing was found.
   */
  scrubBody(
    type: EventType,
    contentType: string,
    bytes: Buffer,
  ): { readonly bytes: Buffer; readonly found: FindingCounts };
  /** Scrubs a webhook, v2 or v3, or a log entry of the REST API. Ids, types, states and times are kept. */
  scrubWebhook(bytes: Buffer): { readonly bytes: Buffer; readonly found: FindingCounts };
  /** Scrubs a text under its object key, if any. Returns the same string if nothing was found. */
  scrubText(text: string, key?: string): { readonly text: string; readonly found: FindingCounts };
  /** The findings with their positions (UTF-16 units) and detectors, to test rules. */
  explain(text: string, key?: string): readonly Finding[];
  /** What `scrubText` would replace, in order. */
  explainText(text: string, key?: string): readonly Replacement[];
  /** What `scrubBody` would replace, in order. */
  explainBody(type: EventType, contentType: string, bytes: Buffer): readonly Replacement[];
}

const NOTHING: FindingCounts = Object.freeze({});
const BYTE_ORDER_MARK = '\ufeff';

/** Creates a scrubber. @throws ScrubberOptionsError */
export function createScrubber(options: ScrubberOptions = {}): Scrubber {
  const settings = settingsOf(options);
  const clean = { text: new CleanTextCache(), precise: new CleanTextCache(), url: new CleanTextCache() };
  return {
    quickCharacters: settings.quickCharacters,
    scrubBody(type, contentType, bytes) {
      const encoding = encodingOf(bytes, contentType);
      const text = encoding.decode(bytes);
      const edits = bodyEdits(new BodyScrub(settings, kindOf(type), clean), contentType, text);
      if (edits.length === 0) return { bytes, found: NOTHING };
      return { bytes: encoding.encode(applyEdits(text, edits)), found: countOf(edits) };
    },
    scrubWebhook(bytes) {
      const text = bytes.toString();
      const scrub = new BodyScrub(withUserNames(settings, text), WEBHOOK);
      const edits = isJson(text) ? scrub.jsonEdits(text) : scrub.scanText(text, '').edits;
      return edits.length === 0
        ? { bytes, found: NOTHING }
        : { bytes: Buffer.from(applyEdits(text, edits)), found: countOf(edits) };
    },
    scrubText(text, key = '') {
      const scanned = new BodyScrub(settings, EVENT).scanText(text, key);
      return { text: scanned.text, found: countOf(scanned.edits) };
    },
    explain: (text, key = '') => detect(text, key, settings.detectors, newBudget()).map(findingOf),
    explainText: (text, key = '') => new BodyScrub(settings, EVENT).scanText(text, key).edits,
    explainBody: (type, contentType, bytes) =>
      bodyEdits(new BodyScrub(settings, kindOf(type)), contentType, encodingOf(bytes, contentType).decode(bytes)),
  };
}

/** Adds the names of the users in a webhook, if names are looked for. */
function withUserNames(settings: ScrubberSettings, text: string): ScrubberSettings {
  if (!settings.detectors.includes(person) || !isJson(text)) return settings;
  return { ...settings, detectors: [...settings.detectors, personsNamed(userNamesIn(JSON.parse(text)))] };
}

const kindOf = (type: EventType) => (isApiType(type) ? EVENT : type === 'nagios' ? NAGIOS_BODY : VENDOR_BODY);

/** The content decides more than the content type: SNS posts JSON as text/plain, curl as a form. */
function bodyEdits(scrub: BodyScrub, contentType: string, text: string): readonly Edit[] {
  if (text.startsWith(BYTE_ORDER_MARK)) {
    return bodyEdits(scrub, contentType, text.slice(1)).map((edit) => ({
      ...edit,
      start: edit.start + 1,
      end: edit.end + 1,
    }));
  }
  if (isJson(text)) return scrub.jsonEdits(text);
  return /^\s*application\/x-www-form-urlencoded/i.test(contentType)
    ? scrub.formEdits(text)
    : scrub.scanText(text, '').edits;
}

function countOf(edits: readonly Edit[]): FindingCounts {
  if (edits.length === 0) return NOTHING;
  const found: Record<string, number> = {};
  for (const { kind } of edits) found[kind] = (found[kind] ?? 0) + 1;
  return found;
}
