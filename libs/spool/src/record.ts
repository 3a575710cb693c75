import { crc32 } from 'node:zlib';
import { type StoredEntry } from './spool-ports';

const KEY_BYTES = 12;
const CHECKSUM_BYTES = 4;

/** An entry's key sorts by its sequence; its size rides along, so that counting reads no values. */
export function keyOf(sequence: number, bytes: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeUInt32BE(Math.floor(sequence / 2 ** 32), 0);
  key.writeUInt32BE(sequence % 2 ** 32, 4);
  key.writeUInt32BE(bytes, 8);
  return key;
}

/** The first key that an entry behind the sequence may have. */
export function keyBehind(sequence: number): Buffer {
  return keyOf(sequence + 1, 0);
}

export function readKey(key: Buffer): { readonly sequence: number; readonly bytes: number } | undefined {
  if (key.length !== KEY_BYTES) return undefined;
  return { sequence: key.readUInt32BE(0) * 2 ** 32 + key.readUInt32BE(4), bytes: key.readUInt32BE(8) };
}

/** Puts a checksum before the content. */
export function seal(content: Buffer): Buffer {
  const value = Buffer.allocUnsafe(CHECKSUM_BYTES + content.length);
  value.writeUInt32BE(crc32(content), 0);
  content.copy(value, CHECKSUM_BYTES);
  return value;
}

/** The content, or undefined where it is not what was written. */
export function unseal(value: Buffer, bytes: number): Buffer | undefined {
  if (value.length !== CHECKSUM_BYTES + bytes) return undefined;
  const content = value.subarray(CHECKSUM_BYTES);
  return crc32(content) === value.readUInt32BE(0) ? content : undefined;
}

/** The entry that a value holds; if it is not what was written, it is marked as damaged. */
export function readEntry(sequence: number, bytes: number, value: Buffer): StoredEntry {
  const content = unseal(value, bytes);
  if (content !== undefined) return { sequence, bytes, content };
  return { sequence, bytes, content: value.subarray(CHECKSUM_BYTES), isDamaged: true };
}
