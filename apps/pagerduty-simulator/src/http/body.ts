import { type IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too large'; readonly length: number }
  | { readonly kind: 'cut short' };

/** Beyond the limit, this much is read and discarded, so that the client finishes sending and reads the response. */
const DISCARD_LIMIT_BYTES = 64 * 1024 * 1024;

/** Reads a request's body of at most `limit` bytes; never rejects. */
export function readBody(request: IncomingMessage, limit: number): Promise<Body> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else chunks = [];
      if (length > limit + DISCARD_LIMIT_BYTES) request.destroy();
    });
    request.on('end', () => {
      if (length > limit) return resolve({ kind: 'too large', length });
      const [first, second] = chunks;
      resolve({ kind: 'whole', bytes: first && !second ? first : Buffer.concat(chunks) });
    });
    // Also emitted after "end", when the promise is settled already.
    request.on('close', () => resolve({ kind: 'cut short' }));
    request.on('error', () => resolve({ kind: 'cut short' }));
  });
}
