import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Answer } from '@pdaltagent/events';

/** Seconds after which a sender may try again: a broker comes back within seconds or not at all soon. */
const RETRY_AFTER_SECONDS = '5';
/** What is still read of a body that was refused, so that its sender gets to read the answer before the socket ends. */
const DISCARD_LIMIT_BYTES = 4 * 1024 * 1024;

/** Writes an answer. Where the body was not read to its end the connection ends with the answer. */
export function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: Answer,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': text.length,
    ...(status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {}),
    ...(request.complete ? {} : { connection: 'close' }),
    ...headers,
  });
  response.end(text);
  if (!request.complete) discard(request);
}

function discard(request: IncomingMessage): void {
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_LIMIT_BYTES) request.destroy();
  });
  request.resume();
}
