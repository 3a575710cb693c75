import { longString, shortString } from './raw-publisher.fixture';

// Values of an AMQP table, encoded as RabbitMQ reads them.

export const text = (value: string | Buffer): Buffer => Buffer.concat([Buffer.from('S'), longString(value)]);
export const table = (content: Buffer): Buffer => Buffer.concat([Buffer.from('F'), longString(content)]);
export const array = (content: Buffer): Buffer => Buffer.concat([Buffer.from('A'), longString(content)]);
export const entry = (name: string | Buffer, value: Buffer): Buffer => Buffer.concat([shortString(name), value]);
export const integer = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return Buffer.concat([Buffer.from('l'), bytes]);
};
export const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Buffer.concat([Buffer.from('d'), bytes]);
};

/** Nested so deeply that only the size of a frame ends it. */
const nested = (wrap: (inner: Buffer) => number, levels: number, tag: string): Buffer => {
  // From the outside in: each level has the length of all that is in it.
  const overhead = wrap(Buffer.alloc(0));
  const parts: Buffer[] = [];
  for (let level = 0; level < levels; level += 1) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(overhead * (levels - level - 1));
    parts.push(Buffer.from(tag), length, ...(overhead === 6 && level < levels - 1 ? [Buffer.from([0])] : []));
  }
  return Buffer.concat(parts);
};
export const nestedTables = (levels: number): Buffer => nested(() => 6, levels, 'F');
export const nestedArrays = (levels: number): Buffer => nested(() => 5, levels, 'A');

export function tableOf(entries: readonly (readonly [string | Buffer, Buffer])[]): Buffer {
  return table(Buffer.concat(entries.map(([name, value]) => entry(name, value))));
}
