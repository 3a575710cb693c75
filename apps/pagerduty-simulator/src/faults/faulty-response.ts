import { type ServerResponse } from 'node:http';
import { type SimulatedResponse, jsonResponse, sendResponse, sendTruncated } from '../http/simulated-response';
import { type ResponseFault } from './rule';

/** Sends a response with a fault, or unchanged without one. */
export function sendWithFault(
  fault: ResponseFault | undefined,
  outgoing: ServerResponse,
  response: SimulatedResponse,
): void {
  switch (fault?.kind) {
    case 'reset':
    case 'lose-answer':
      outgoing.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'cut-answer':
      sendTruncated(outgoing, response);
      return;
    case 'status':
    case 'swallow':
    case 'double':
    case 'swap':
    case undefined:
      sendResponse(outgoing, response);
  }
}

/** A scripted status with its headers, and the scripted body or the API's usual one. */
export function scriptedResponse(
  { status, retryAfter, headers, body }: Extract<ResponseFault, { kind: 'status' }>,
  usual: (status: number, headers: Readonly<Record<string, string>>) => SimulatedResponse,
): SimulatedResponse {
  const all = retryAfter === undefined ? headers : { ...headers, 'retry-after': String(retryAfter) };
  if (body === undefined) return usual(status, all);
  if (typeof body !== 'string') return jsonResponse(status, body, all);
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...all }, body };
}
