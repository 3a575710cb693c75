import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

const DECODERS: Readonly<Record<string, typeof gunzipSync>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/**
 * An answer's body as text. Only `identity` is ever asked for, but a proxy may compress all the same, and what an event was
 * answered must stay readable. What cannot be decoded, or has more bytes than the limit then, is given as it came.
 */
export function decodedBody(body: Buffer, encoding: string | undefined, limit: number): string {
  const decode = encoding === undefined ? undefined : DECODERS[encoding.toLowerCase()];
  if (decode === undefined) return body.toString('utf8');
  try {
    return decode(body, { maxOutputLength: limit }).toString('utf8');
  } catch {
    return body.toString('utf8');
  }
}
