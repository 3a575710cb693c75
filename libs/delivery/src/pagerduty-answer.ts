/** Characters of an answer that are looked at; PagerDuty's own answers are far shorter. */
const MAX_ANSWER_LENGTH = 16 * 1024;

/**
 * What an answer's text is, as far as it can be told from the text alone. success and error: PagerDuty's own JSON objects;
 * object: some other JSON object; html: a page for people (or other markup), which no API of PagerDuty gives.
 */
export type AnswerText = 'success' | 'error' | 'object' | 'html' | 'other';

/** PagerDuty's own words for what it refuses. Source: as below. */
const REFUSALS: ReadonlySet<unknown> = new Set(['invalid event', 'Unrecognized object']);

/**
 * Source: developer.pagerduty.com, openapiv3.json of Events API v1 and v2: `{"status":"success","message":…}` and
 * `{"status":"invalid event","message":…,"errors":[…]}`.
 */
export function kindOfText(text: string, contentType: string | undefined): AnswerText {
  const trimmed = text.trim();
  if (trimmed.startsWith('{') && trimmed.endsWith('}') && trimmed.length <= MAX_ANSWER_LENGTH)
    return kindOfJson(trimmed);
  return trimmed.startsWith('<') || /^(text\/html|application\/xhtml)/i.test(contentType ?? '') ? 'html' : 'other';
}

function kindOfJson(text: string): AnswerText {
  try {
    const { status, message } = JSON.parse(text) as { readonly status?: unknown; readonly message?: unknown };
    if (status === 'success') return 'success';
    const isError = REFUSALS.has(status) || (typeof status === 'string' && typeof message === 'string');
    return isError ? 'error' : 'object';
  } catch {
    return 'other';
  }
}
