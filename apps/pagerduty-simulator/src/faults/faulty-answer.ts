import { type ServerResponse } from 'node:http';
import { type Answer, jsonAnswer, sendAnswer, sendTruncated } from '../http/answer';
import { type ResponseFault } from './rule';

/** Sends an answer with a fault, or unchanged without one. */
export function sendWithFault(fault: ResponseFault | undefined, response: ServerResponse, answer: Answer): void {
  switch (fault?.kind) {
    case 'reset':
    case 'lose-answer':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'cut-answer':
      sendTruncated(response, answer);
      return;
    case 'status':
    case 'swallow':
    case 'double':
    case 'swap':
    case undefined:
      sendAnswer(response, answer);
  }
}

/** A scripted status with its headers, and the scripted body or the API's usual one. */
export function scriptedAnswer(
  { status, retryAfter, headers, body }: Extract<ResponseFault, { kind: 'status' }>,
  usual: (status: number, headers: Readonly<Record<string, string>>) => Answer,
): Answer {
  const all = retryAfter === undefined ? headers : { ...headers, 'retry-after': String(retryAfter) };
  if (body === undefined) return usual(status, all);
  if (typeof body !== 'string') return jsonAnswer(status, body, all);
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...all }, body };
}
