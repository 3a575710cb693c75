import { crc32 } from 'node:zlib';
import { type StoredEntry } from './spool-ports';

const CHECKSUM_BYTES = 4;

/** Prefixes the content with a checksum. */
export function withChecksum(content: Buffer): Buffer {
  const value = Buffer.allocUnsafe(CHECKSUM_BYTES + content.length);
  value.writeUInt32BE(crc32(content), 0);
  content.copy(value, CHECKSUM_BYTES);
  return value;
}

/** The content; undefined if size or checksum do not match. */
export function verifiedContent(value: Buffer, bytes: number): Buffer | undefined {
  if (value.length !== CHECKSUM_BYTES + bytes) return undefined;
  const content = value.subarray(CHECKSUM_BYTES);
  return crc32(content) === value.readUInt32BE(0) ? content : undefined;
}

/** The entry of a value; marked as damaged if size or checksum do not match. */
export function readEntry(sequence: number, bytes: number, value: Buffer): StoredEntry {
  const content = verifiedContent(value, bytes);
  if (content !== undefined) return { sequence, bytes, content };
  return { sequence, bytes, content: value.subarray(CHECKSUM_BYTES), isDamaged: true };
}
