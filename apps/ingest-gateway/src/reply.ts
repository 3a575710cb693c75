import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ApiResponse } from '@pdaltagent/events';
import { BODY_LIMIT_BYTES } from './read-body';

/** Seconds after which a sender may try again: a broker comes back within seconds or not at all soon. */
const RETRY_AFTER_SECONDS = '5';
/** What is still read of a body that was refused, so that its sender gets to read the answer before the socket ends. */
const DISCARD_LIMIT_BYTES = 4 * 1024 * 1024;

const NO_HEADERS = Object.freeze({});

/** Writes an answer. Where more of the body may come than we want to wait for, the connection ends with the answer. */
export function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: ApiResponse,
  headers: Readonly<Record<string, string>> = NO_HEADERS,
): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  // Names and values in turn: what Node reads fastest.
  const lines = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))];
  if (status === 503) lines.push('retry-after', RETRY_AFTER_SECONDS);
  if (status === 408 || !isRestShort(request)) lines.push('connection', 'close');
  for (const [name, value] of Object.entries(headers)) lines.push(name, value);
  response.writeHead(status, lines);
  // Text leaves together with the headers in one write, bytes would take a second one.
  response.end(text);
  if (!request.complete) discard(request);
}

/** Whether the rest of the request is short and its length known. */
function isRestShort({ complete, headers }: IncomingMessage): boolean {
  const isBounded = headers['transfer-encoding'] === undefined;
  return complete || (isBounded && Number(headers['content-length'] ?? 0) <= BODY_LIMIT_BYTES);
}

function discard(request: IncomingMessage): void {
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_LIMIT_BYTES) request.destroy();
  });
  request.resume();
}
