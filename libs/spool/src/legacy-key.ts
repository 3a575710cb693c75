// The previous release's keys: sequence and size of the content, without the lane. They sort by sequence.
const KEY_BYTES = 12;

export interface LegacyKey {
  readonly sequence: number;
  readonly bytes: number;
}

export function legacyKeyOf(sequence: number, bytes: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeUInt32BE(Math.floor(sequence / 2 ** 32), 0);
  key.writeUInt32BE(sequence % 2 ** 32, 4);
  key.writeUInt32BE(bytes, 8);
  return key;
}

/** Undefined if it is not a key of that layout. */
export function readLegacyKey(key: Buffer): LegacyKey | undefined {
  if (key.length !== KEY_BYTES) return undefined;
  return { sequence: key.readUInt32BE(0) * 2 ** 32 + key.readUInt32BE(4), bytes: key.readUInt32BE(8) };
}
