import { type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { type HeldBody, SMALL_BODY_BYTES } from './body-memory';
import { refusals, type Refused } from './refusal';

/** So large that an event over PagerDuty's 512 KB can be cut rather than lost. */
export const BODY_LIMIT_BYTES = 1024 * 1024;

export type Body = { readonly kind: 'body'; readonly bytes: Buffer };

const EMPTY = Buffer.alloc(0);
const inflaters = { gzip: promisify(gunzip), zlib: promisify(inflate), raw: promisify(inflateRaw) };

/**
 * Reads a request's body, counting the bytes that come, not those that were announced, and inflates it.
 * @param held takes room for the bytes; the caller releases it once nothing of them is needed
 */
export async function readBody(request: IncomingMessage, held: HeldBody): Promise<Body | Refused> {
  const encoding = encodingOf(request);
  if (encoding === undefined) return refusals.encoding('Content-Encoding must be gzip, deflate or identity', 415);
  if (announcesTooMuch(request)) return refusals.tooLarge();
  const read = await collect(request, held);
  return read.kind === 'refused' || encoding === 'identity' ? read : inflated(read, encoding, held);
}

/** How much a request says that its body has; 0 if it does not say. */
export function announcedBytesOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** Whether a request says itself that its body is too large. */
export function announcesTooMuch(request: IncomingMessage): boolean {
  return announcedBytesOf(request) > BODY_LIMIT_BYTES;
}

function collect(request: IncomingMessage, held: HeldBody): Promise<Body | Refused> {
  return new Promise((resolve) => {
    let gathered = new Gathered();
    let isSettled = false;
    const settle = (result: Body | Refused): void => {
      if (isSettled) return;
      isSettled = true;
      gathered = new Gathered();
      if (result.kind === 'refused') held.release();
      else held.whole();
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      if (isSettled) return;
      if (gathered.size + chunk.length > BODY_LIMIT_BYTES) settle(refusals.tooLarge());
      else if (!held.hold(chunk.length)) settle(refusals.overload());
      else gathered.add(chunk);
    };
    held.coming((why) => settle(why === 'too-slow' ? refusals.tooSlow() : refusals.overload()));
    const end = (): void => settle({ kind: 'body', bytes: gathered.bytes });
    const abort = (): void => settle(refusals.aborted());
    request.on('data', take).on('end', end).on('close', abort).on('error', abort);
  });
}

/** Chunks that came, in one piece: a body of many small ones, each a buffer, would take a hundred times its length. */
class Gathered {
  #bytes: Buffer = EMPTY;
  size = 0;

  /** Without copying, if it came in one chunk, as nearly all do. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  add(chunk: Buffer): void {
    const size = this.size + chunk.length;
    if (this.size === 0) this.#bytes = chunk;
    else {
      if (size > this.#bytes.length) this.#bytes = this.#grown(Math.max(size, 2 * this.#bytes.length));
      chunk.copy(this.#bytes, this.size);
    }
    this.size = size;
  }

  #grown(length: number): Buffer {
    const larger = Buffer.allocUnsafe(length);
    this.#bytes.copy(larger, 0, 0, this.size);
    return larger;
  }
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

async function inflated({ bytes }: Body, encoding: 'gzip' | 'deflate', held: HeldBody): Promise<Body | Refused> {
  // "deflate" means zlib by the standard and raw deflate by habit; zlib's first byte ends in 8.
  const inflater = encoding === 'gzip' ? 'gzip' : ((bytes[0] ?? 0) & 0x0f) === 8 ? 'zlib' : 'raw';
  // Nobody knows how long it gets: as a small one first, which nearly all are, so that it needs no room of a large one.
  for (const limit of [SMALL_BODY_BYTES - bytes.length, BODY_LIMIT_BYTES]) {
    if (limit <= 0) continue;
    if (!held.hold(limit)) return refusals.overload();
    let left = 0;
    try {
      const result = await inflaters[inflater](bytes, { maxOutputLength: limit });
      left = result.length;
      return { kind: 'body', bytes: result };
    } catch (error) {
      if (!isTooLarge(error)) return refusals.encoding(`Body is not valid ${encoding}`, 400);
    } finally {
      held.giveBack(limit - left);
    }
  }
  return refusals.tooLarge();
}

function isTooLarge(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
