/** Longer responses are not parsed; PagerDuty's own are far shorter. Characters. */
const MAX_RESPONSE_LENGTH = 16 * 1024;

/**
 * The kind of a response, as far as its text shows. success and error: PagerDuty's own JSON objects;
 * object: another JSON object; html: a web page (or other markup), which none of PagerDuty's APIs returns.
 */
export type ResponseText = 'success' | 'error' | 'object' | 'html' | 'other';

/** PagerDuty's own `status` texts for rejected events. Source: as below. */
const REFUSALS: ReadonlySet<unknown> = new Set(['invalid event', 'Unrecognized object']);

/**
 * Source: developer.pagerduty.com, openapiv3.json of Events API v1 and v2: `{"status":"success","message":…}` and
 * `{"status":"invalid event","message":…,"errors":[…]}`.
 */
export function kindOfText(text: string, contentType: string | undefined): ResponseText {
  const trimmed = text.trim();
  if (trimmed.startsWith('{') && trimmed.endsWith('}') && trimmed.length <= MAX_RESPONSE_LENGTH)
    return kindOfJson(trimmed);
  return trimmed.startsWith('<') || /^(text\/html|application\/xhtml)/i.test(contentType ?? '') ? 'html' : 'other';
}

function kindOfJson(text: string): ResponseText {
  try {
    const { status, message } = JSON.parse(text) as { readonly status?: unknown; readonly message?: unknown };
    if (status === 'success') return 'success';
    const isError = REFUSALS.has(status) || (typeof status === 'string' && typeof message === 'string');
    return isError ? 'error' : 'object';
  } catch {
    return 'other';
  }
}
