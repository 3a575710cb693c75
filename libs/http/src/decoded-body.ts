import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

const DECODERS: Readonly<Record<string, typeof gunzipSync>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/**
 * A response's body as text. Only `identity` is requested, but a proxy may compress anyway, and the response to an event must
 * stay readable. A body that cannot be decoded, or exceeds the limit when decoded, is returned as received.
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
