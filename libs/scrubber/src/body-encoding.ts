import { isUtf8 } from 'node:buffer';

/** Converts a body to a text and back, without changing a byte that is not edited. */
export interface BodyEncoding {
  readonly decode: (bytes: Buffer) => string;
  readonly encode: (text: string) => Buffer;
}

const UTF_8: BodyEncoding = { decode: (bytes) => bytes.toString(), encode: (text) => Buffer.from(text) };
/** For anything unknown: every byte survives. */
const LATIN_1: BodyEncoding = {
  decode: (bytes) => bytes.toString('latin1'),
  encode: (text) => Buffer.from(text, 'latin1'),
};
const UTF_16_LE: BodyEncoding = {
  decode: (bytes) => bytes.toString('utf16le'),
  encode: (text) => Buffer.from(text, 'utf16le'),
};
const UTF_16_BE: BodyEncoding = {
  decode: (bytes) => Buffer.from(bytes).swap16().toString('utf16le'),
  encode: (text) => Buffer.from(text, 'utf16le').swap16(),
};

/** The encoding by the byte order mark, by the zero bytes of ASCII in UTF-16, or by the charset of the Content-Type. */
export function encodingOf(bytes: Buffer, contentType: string): BodyEncoding {
  return utf16Of(bytes, contentType) ?? (isUtf8(bytes) ? UTF_8 : LATIN_1);
}

function utf16Of(bytes: Buffer, contentType: string): BodyEncoding | undefined {
  if (bytes.length < 2 || bytes.length % 2 === 1) return undefined;
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first === 0xff && second === 0xfe) return UTF_16_LE;
  if (first === 0xfe && second === 0xff) return UTF_16_BE;
  if (bytes.length >= 4) {
    if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return UTF_16_LE;
    if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return UTF_16_BE;
  }
  const [, order] = /;\s{0,9}charset="?utf-16(le|be)?"?/i.exec(contentType) ?? [];
  if (order !== undefined) return order.toLowerCase() === 'le' ? UTF_16_LE : UTF_16_BE;
  return undefined;
}
