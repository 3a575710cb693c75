import { STATUS_CODES } from 'node:http';
import { type SimulatedResponse, jsonResponse } from '../http/simulated-response';
import { type Api } from './routes';

/** 202 with the dedup key; v1: 200 with the incident key; change events: 202 without a key. */
export function acceptedResponse(api: Api, dedupKey: string | null): SimulatedResponse {
  const success = { status: 'success', message: 'Event processed' };
  if (api === 'v1') return jsonResponse(200, { ...success, incident_key: dedupKey });
  if (dedupKey === null) return jsonResponse(202, success);
  return jsonResponse(202, { ...success, dedup_key: dedupKey });
}

export function invalidResponse(errors: readonly string[]): SimulatedResponse {
  return jsonResponse(400, { status: 'invalid event', message: 'Event object is invalid', errors });
}

export function unrecognizedResponse(): SimulatedResponse {
  return jsonResponse(400, {
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
export function throttledResponse(api: Api, retryAfterSeconds: number | null): SimulatedResponse {
  const headers = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  return jsonResponse(api === 'v1' ? 403 : 429, THROTTLED, headers);
}

export function tooLargeResponse(): SimulatedResponse {
  return jsonResponse(413, {
    status: 'invalid event',
    message: 'Event object is invalid',
    errors: ['Event is too large (maximum is 512 KB)'],
  });
}

/** The answer with a scripted status, if the script has no body. */
export function statusResponse(status: number, headers: Readonly<Record<string, string>>): SimulatedResponse {
  if (status === 429 || status === 403) return jsonResponse(status, THROTTLED, headers);
  const name = STATUS_CODES[status] ?? 'Unknown status';
  return jsonResponse(status, { status: name.toLowerCase(), message: name, errors: ['A scripted response'] }, headers);
}

export function notFoundResponse(): SimulatedResponse {
  return jsonResponse(404, { status: 'not found', message: 'Not Found', errors: ['No such path'] });
}

export function methodResponse(allowed: string): SimulatedResponse {
  return jsonResponse(
    405,
    { status: 'method not allowed', message: 'Method Not Allowed', errors: [`Allowed: ${allowed}`] },
    { allow: allowed },
  );
}
