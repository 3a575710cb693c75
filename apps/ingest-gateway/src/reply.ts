import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ApiResponse } from '@pdaltagent/events';
import { BODY_LIMIT_BYTES } from './read-body';

/** Seconds after which a sender may retry: a broker is back within seconds, or not for a long time. */
const RETRY_AFTER_SECONDS = '5';
/** How much of a refused body is read and discarded, so that its sender can read the response before the socket is closed. */
const DISCARD_LIMIT_BYTES = 4 * 1024 * 1024;

const NO_HEADERS = Object.freeze({});

/** Writes a response. If the rest of the body may be too long to wait for, the connection is closed after the response. */
export function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: ApiResponse,
  headers: Readonly<Record<string, string>> = NO_HEADERS,
): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  // Alternating names and values: the form that Node processes fastest.
  const lines = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))];
  if (status === 503) lines.push('retry-after', RETRY_AFTER_SECONDS);
  if (status === 408 || !isRestShort(request)) lines.push('connection', 'close');
  for (const [name, value] of Object.entries(headers)) lines.push(name, value);
  response.writeHead(status, lines);
  // A string is sent together with the headers in one write; a buffer would need a second one.
  response.end(text);
  if (!request.complete) discard(request);
}

/** Whether the rest of the request is short and its length is known. */
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
