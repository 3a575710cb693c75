import { createHash } from 'node:crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const VALUES = new Int8Array(128).fill(-1);
for (let index = 0; index < ALPHABET.length; index += 1) VALUES[ALPHABET.charCodeAt(index)] = index;

/** The bytes of a Base58Check text without its checksum, or undefined if the checksum is wrong (Bitcoin's address format). */
export function decodeBase58Check(text: string): Buffer | undefined {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    let carry = VALUES[text.charCodeAt(index)] ?? -1;
    if (carry < 0) return undefined;
    for (let place = 0; place < bytes.length; place += 1) {
      carry += (bytes[place] ?? 0) * 58;
      bytes[place] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  for (let index = 0; text[index] === '1'; index += 1) bytes.push(0);
  const decoded = Buffer.from(bytes.reverse());
  if (decoded.length < 5) return undefined;
  const payload = decoded.subarray(0, -4);
  const checksum = sha256(sha256(payload)).subarray(0, 4);
  return checksum.equals(decoded.subarray(-4)) ? payload : undefined;
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
