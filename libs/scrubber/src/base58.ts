import { hash } from 'node:crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const VALUES = new Int8Array(128).fill(-1);
for (let index = 0; index < ALPHABET.length; index += 1) VALUES[ALPHABET.charCodeAt(index)] = index;

/** Larger than any address. */
const bytes = new Uint8Array(64);

/** Decodes Base58Check, Bitcoin's address format. Returns the bytes without the checksum, undefined if the checksum is wrong. */
export function decodeBase58Check(text: string): Buffer | undefined {
  let length = 0;
  for (let index = 0; index < text.length && length < bytes.length - 1; index += 1) {
    let carry = VALUES[text.charCodeAt(index)] ?? -1;
    if (carry < 0) return undefined;
    for (let place = 0; place < length; place += 1) {
      carry += (bytes[place] ?? 0) * 58;
      bytes[place] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8, length += 1) bytes[length] = carry & 0xff;
  }
  for (let index = 0; text[index] === '1' && length < bytes.length; index += 1, length += 1) bytes[length] = 0;
  if (length < 5) return undefined;
  const decoded = Buffer.from(bytes.subarray(0, length)).reverse();
  const payload = decoded.subarray(0, -4);
  const checksum = sha256(sha256(payload)).subarray(0, 4);
  return checksum.equals(decoded.subarray(-4)) ? payload : undefined;
}

const sha256 = (data: Buffer): Buffer => hash('sha256', data, 'buffer');
