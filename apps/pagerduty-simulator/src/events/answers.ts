import { STATUS_CODES } from 'node:http';
import { type Answer, jsonAnswer } from '../http/answer';
import { type Api } from './routes';

/** 202 with the dedup key; v1: 200 with the incident key; change events: 202 without a key. */
export function acceptedAnswer(api: Api, dedupKey: string | null): Answer {
  const success = { status: 'success', message: 'Event processed' };
  if (api === 'v1') return jsonAnswer(200, { ...success, incident_key: dedupKey });
  if (dedupKey === null) return jsonAnswer(202, success);
  return jsonAnswer(202, { ...success, dedup_key: dedupKey });
}

export function invalidAnswer(errors: readonly string[]): Answer {
  return jsonAnswer(400, { status: 'invalid event', message: 'Event object is invalid', errors });
}

export function unrecognizedAnswer(): Answer {
  return jsonAnswer(400, {
    status: 'Unrecognized object',
    message: 'Event object format is unrecognized',
    errors: ['JSON parse error'],
  });
}

const THROTTLED = {
  status: 'throttle exceeded',
  message: 'Requests for this service are arriving too quickly.  Please retry later.',
  errors: ['Enhance Your Calm.'],
};

/** 429, or 403 for v1. */
export function throttledAnswer(api: Api, retryAfterSeconds: number | null): Answer {
  const headers = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  return jsonAnswer(api === 'v1' ? 403 : 429, THROTTLED, headers);
}

export function tooLargeAnswer(): Answer {
  return jsonAnswer(413, {
    status: 'invalid event',
    message: 'Event object is invalid',
    errors: ['Event is too large (maximum is 512 KB)'],
  });
}

/** The answer with a scripted status, if the script has no body. */
export function statusAnswer(status: number, headers: Readonly<Record<string, string>>): Answer {
  if (status === 429 || status === 403) return jsonAnswer(status, THROTTLED, headers);
  const name = STATUS_CODES[status] ?? 'Unknown status';
  return jsonAnswer(status, { status: name.toLowerCase(), message: name, errors: ['A scripted answer'] }, headers);
}

export function notFoundAnswer(): Answer {
  return jsonAnswer(404, { status: 'not found', message: 'Not Found', errors: ['No such path'] });
}

export function methodAnswer(allowed: string): Answer {
  return jsonAnswer(
    405,
    { status: 'method not allowed', message: 'Method Not Allowed', errors: [`Allowed: ${allowed}`] },
    { allow: allowed },
  );
}
