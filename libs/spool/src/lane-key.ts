const KEY_BYTES = 13;
/** The lane is the first byte of a key. */
export const MAX_LANES = 256;

export interface LaneKey {
  readonly lane: number;
  readonly sequence: number;
  readonly bytes: number;
}

/** Keys sort by lane, then by sequence; the content's size is part of the key, so that counting reads no values. */
export function laneKeyOf(lane: number, sequence: number, bytes: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeUInt8(lane, 0);
  key.writeUInt32BE(Math.floor(sequence / 2 ** 32), 1);
  key.writeUInt32BE(sequence % 2 ** 32, 5);
  key.writeUInt32BE(bytes, 9);
  return key;
}

/** Undefined if it is not a key of this layout. */
export function readLaneKey(key: Buffer): LaneKey | undefined {
  if (key.length !== KEY_BYTES) return undefined;
  return {
    lane: key.readUInt8(0),
    sequence: key.readUInt32BE(1) * 2 ** 32 + key.readUInt32BE(5),
    bytes: key.readUInt32BE(9),
  };
}

export interface KeyRange {
  readonly gte: Buffer;
  readonly lte: Buffer;
}

/** The keys of a lane's entries after a sequence. */
export function keysAfter(lane: number, sequence: number): KeyRange {
  const last = Buffer.alloc(KEY_BYTES, 0xff);
  last.writeUInt8(lane, 0);
  return { gte: laneKeyOf(lane, sequence + 1, 0), lte: last };
}
