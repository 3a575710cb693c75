import { type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { type Admission } from './admission';
import { refusals, type Refused } from './refusal';

/** So large that an event over PagerDuty's 512 KB can be cut rather than lost. */
export const BODY_LIMIT_BYTES = 1024 * 1024;

export type Body = { readonly kind: 'body'; readonly bytes: Buffer };

const EMPTY = Buffer.alloc(0);
const inflaters = { gzip: promisify(gunzip), zlib: promisify(inflate), raw: promisify(inflateRaw) };

/**
 * Reads a request's body, counting the bytes that come, not those that were announced, and inflates it.
 * The bytes are held in `admission` until the caller releases them (`bytes.length`); a refusal holds nothing.
 */
export async function readBody(request: IncomingMessage, admission: Admission): Promise<Body | Refused> {
  const encoding = encodingOf(request);
  if (encoding === undefined) return refusals.encoding('Content-Encoding must be gzip, deflate or identity', 415);
  if (announcesTooMuch(request)) return refusals.tooLarge();
  const read = await collect(request, admission);
  if (read.kind === 'refused' || encoding === 'identity') return read;
  try {
    return await inflated(read, encoding, admission);
  } finally {
    admission.release(read.bytes.length);
  }
}

/** Whether a request says itself that its body is too large. */
export function announcesTooMuch({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > BODY_LIMIT_BYTES;
}

function collect(request: IncomingMessage, admission: Admission): Promise<Body | Refused> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let isSettled = false;
    const settle = (result: Body | Refused): void => {
      if (isSettled) return;
      isSettled = true;
      if (result.kind === 'refused') admission.release(size);
      chunks = [];
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      if (isSettled) return;
      if (size + chunk.length > BODY_LIMIT_BYTES) settle(refusals.tooLarge());
      else if (!admission.hold(chunk.length)) settle(refusals.overload());
      else {
        size += chunk.length;
        chunks.push(chunk);
      }
    };
    const end = (): void => {
      if (isSettled) return;
      const [first = EMPTY] = chunks;
      settle({ kind: 'body', bytes: chunks.length > 1 ? Buffer.concat(chunks, size) : first });
    };
    const abort = (): void => settle(refusals.aborted());
    request.on('data', take).on('end', end).on('close', abort).on('error', abort);
  });
}

type Encoding = 'identity' | 'gzip' | 'deflate';

function encodingOf(request: IncomingMessage): Encoding | undefined {
  switch (request.headers['content-encoding']?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    default:
      return undefined;
  }
}

async function inflated({ bytes }: Body, encoding: 'gzip' | 'deflate', admission: Admission): Promise<Body | Refused> {
  // "deflate" means zlib by the standard and raw deflate by habit; zlib's first byte ends in 8.
  const inflater = encoding === 'gzip' ? 'gzip' : ((bytes[0] ?? 0) & 0x0f) === 8 ? 'zlib' : 'raw';
  if (!admission.hold(BODY_LIMIT_BYTES)) return refusals.overload();
  let held = 0;
  try {
    const result = await inflaters[inflater](bytes, { maxOutputLength: BODY_LIMIT_BYTES });
    held = result.length;
    return { kind: 'body', bytes: result };
  } catch (error) {
    return isTooLarge(error) ? refusals.tooLarge() : refusals.encoding(`Body is not valid ${encoding}`, 400);
  } finally {
    admission.release(BODY_LIMIT_BYTES - held);
  }
}

function isTooLarge(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
