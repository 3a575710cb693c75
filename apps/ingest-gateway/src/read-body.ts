import { nextTurn } from '@pdaltagent/clock';
import { type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { type BodyReservation, SMALL_BODY_BYTES } from './body-memory';
import { refusals, type Refused } from './refusal';

/** Larger than PagerDuty's 512 KB, so that a larger event can be truncated rather than lost. */
export const BODY_LIMIT_BYTES = 1024 * 1024;

/** Bodies over 64 KB must not inflate to more than this multiple: JSON and logs compress to a tenth or a fiftieth. */
const MAXIMUM_RATIO = 200;

/** More chunks of a body wait until others had their turn: Node takes over a microsecond for each, however short it is. */
const MAXIMUM_CHUNKS_A_TURN = 1_000;

/** Of V8, for each string beside its characters. */
const STRING_BYTES = 32;

export type Body = { readonly kind: 'body'; readonly bytes: Buffer };

const EMPTY = Buffer.alloc(0);
const inflaters = { gzip: promisify(gunzip), zlib: promisify(inflate), raw: promisify(inflateRaw) };

/**
 * Reads a request's body, limited by the bytes received rather than by its Content-Length, and inflates it.
 * @param memory grows with the body; the caller releases it
 */
export async function readBody(request: IncomingMessage, memory: BodyReservation): Promise<Body | Refused> {
  const encoding = encodingOf(request);
  if (encoding === undefined) return refusals.encoding('Content-Encoding must be gzip, deflate or identity', 415);
  if (declaresTooLarge(request)) return refusals.tooLarge();
  const read = await collect(request, memory);
  return read.kind === 'refused' || encoding === 'identity' ? read : inflateBody(read, encoding, memory);
}

/** The Content-Length of a request; 0 if it has none. */
export function declaredBytesOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** What the request line and the headers take in memory: as many characters, and a string and two references for each. */
export function headerBytesOf({ url = '', rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>): number {
  return rawHeaders.reduce((sum, text) => sum + text.length + STRING_BYTES, url.length);
}

/** Whether a request's Content-Length is too large. */
export function declaresTooLarge(request: IncomingMessage): boolean {
  return declaredBytesOf(request) > BODY_LIMIT_BYTES;
}

function collect(request: IncomingMessage, memory: BodyReservation): Promise<Body | Refused> {
  return new Promise((resolve) => {
    let chunks = new ChunkBuffer();
    let isSettled = false;
    let chunksThisTurn = 0;
    const settle = (result: Body | Refused): void => {
      if (isSettled) return;
      isSettled = true;
      chunks = new ChunkBuffer();
      if (result.kind === 'refused') memory.release();
      else memory.complete();
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      if (isSettled) return;
      chunksThisTurn += 1;
      if (chunksThisTurn === MAXIMUM_CHUNKS_A_TURN) {
        // Without the socket Node would parse all that has arrived, up to 200 KB at once, into the request's buffer.
        request.pause();
        request.socket.pause();
        nextTurn(() => {
          chunksThisTurn = 0;
          request.socket.resume();
          request.resume();
        });
      }
      if (chunks.size + chunk.length > BODY_LIMIT_BYTES) settle(refusals.tooLarge());
      else if (!memory.grow(chunk.length)) settle(refusals.overload());
      else chunks.add(chunk);
    };
    memory.begin((reason) => settle(reason === 'too-slow' ? refusals.tooSlow() : refusals.overload()));
    const end = (): void => settle({ kind: 'body', bytes: chunks.bytes });
    const abort = (): void => settle(refusals.aborted());
    if (!memory.growForHeaders(headerBytesOf(request))) return settle(refusals.overload());
    request.on('data', take).on('end', end).on('close', abort).on('error', abort);
  });
}

/** Collects chunks in one buffer: a list of chunks would take a hundred times the size of a body with many tiny chunks. */
class ChunkBuffer {
  #bytes: Buffer = EMPTY;
  size = 0;

  /** Not copied if there was one chunk, as in nearly all bodies. */
  get bytes(): Buffer {
    return this.size === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.size);
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

async function inflateBody(
  { bytes }: Body,
  encoding: 'gzip' | 'deflate',
  memory: BodyReservation,
): Promise<Body | Refused> {
  // "deflate" means zlib in the standard, but some clients send raw deflate; the low four bits of zlib's first byte are 8.
  const inflater = encoding === 'gzip' ? 'gzip' : ((bytes[0] ?? 0) & 0x0f) === 8 ? 'zlib' : 'raw';
  const maximum = Math.min(BODY_LIMIT_BYTES, Math.max(SMALL_BODY_BYTES, bytes.length * MAXIMUM_RATIO));
  // The inflated length is unknown: try it as a small body first, as nearly all are, without using the pool for large ones.
  for (const limit of [SMALL_BODY_BYTES - bytes.length, maximum]) {
    if (limit <= 0) continue;
    if (!memory.grow(limit)) return refusals.overload();
    let left = 0;
    try {
      const result = await inflaters[inflater](bytes, { maxOutputLength: limit });
      left = result.length;
      return { kind: 'body', bytes: result };
    } catch (error) {
      if (!isTooLarge(error)) return refusals.encoding(`Body is not valid ${encoding}`, 400);
    } finally {
      memory.shrink(limit - left);
    }
  }
  if (maximum === BODY_LIMIT_BYTES) return refusals.tooLarge();
  return refusals.encoding(`Body inflates to more than ${MAXIMUM_RATIO} times its size`, 413);
}

function isTooLarge(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
