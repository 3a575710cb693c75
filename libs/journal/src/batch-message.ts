import { type Options } from 'amqplib';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Fact, FACT_VERSION, type FactSource, type UnknownFact } from './fact';
import { type FactBatch } from './fact-batch';
import { factOf } from './fact-line';

/** Of lines that are much alike, a higher level saves a tenth and takes twice the time. */
const LEVEL = 1;
/** A batch of 500 facts has some 200 KB; what is far larger was not written by us. */
const MAX_INFLATED_BYTES = 64_000_000;

const CONTENT_TYPE = 'application/x-ndjson';
const CONTENT_ENCODING = 'deflate';

/** The body of a message: lines, each with its line feed, without a header of zlib (RFC 1951). */
export function bodyOf(lines: string | Uint8Array): Buffer {
  // zlib returns a part of a buffer of 16 KB, all of which would stay in memory.
  return Buffer.from(deflateRawSync(lines, { level: LEVEL }));
}

/** The properties of a batch. */
export function propertiesOf(
  { service, host, instance }: FactSource,
  { sequence, facts }: { readonly sequence: number; readonly facts: number },
): Options.Publish {
  return {
    contentType: CONTENT_TYPE,
    contentEncoding: CONTENT_ENCODING,
    appId: service,
    messageId: `${instance}:${sequence}`,
    persistent: true,
    mandatory: true,
    headers: { version: FACT_VERSION, instance, host, sequence, facts },
  };
}

/** What is read of a message of the stream. */
interface StreamMessage {
  readonly content: Buffer;
  readonly properties: {
    readonly appId?: unknown;
    readonly contentEncoding?: unknown;
    readonly headers?: Readonly<Record<string, unknown>> | undefined;
  };
}

export interface ReadBatch {
  readonly batch: FactBatch;
  /** Lines that are no facts. */
  readonly unreadable: number;
}

/** @returns undefined if it is not a batch of facts */
export function batchIn({ content, properties }: StreamMessage, offset: number): ReadBatch | undefined {
  const { appId: service, contentEncoding, headers = {} } = properties;
  const { version, instance, host, sequence } = headers;
  if (typeof service !== 'string' || typeof instance !== 'string' || typeof host !== 'string') return undefined;
  if (typeof version !== 'number' || typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return undefined;
  const lines = contentEncoding === CONTENT_ENCODING ? linesIn(content) : undefined;
  if (lines === undefined) return undefined;
  const facts: (Fact | UnknownFact)[] = [];
  for (const line of lines) {
    const fact = factOf(line, version);
    if (fact !== undefined) facts.push(fact);
  }
  const batch = { offset, source: { service, host, instance }, sequence, facts };
  return { batch, unreadable: lines.length - facts.length };
}

function linesIn(body: Buffer): readonly string[] | undefined {
  try {
    const lines = inflateRawSync(body, { maxOutputLength: MAX_INFLATED_BYTES }).toString().split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } catch {
    return undefined;
  }
}
