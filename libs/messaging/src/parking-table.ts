import { type ConsumeMessage, type Options } from 'amqplib';
import { objectOf } from './announcement';

/** Parked keys, and the sidings with messages of each; of several the last is the one to which it moves. */
export type ParkedKeys = ReadonlyMap<string, readonly number[]>;

/** The type of a lane's own messages: events have others. */
const TYPE = 'table';
const VERSION = 1;

/** A message that is no event: to a lane's table queue, or to a siding, as a mark. */
export interface OwnMessage {
  readonly body: Buffer;
  readonly properties: Options.Publish;
}

/** @param keys undefined for a mark, which only shows what was published before it */
export function tableMessage(messageId: string, keys?: ParkedKeys): OwnMessage {
  return {
    body: Buffer.from(JSON.stringify(keys === undefined ? {} : { keys: Object.fromEntries(keys) })),
    properties: { messageId, type: TYPE, persistent: true, mandatory: true, headers: { version: VERSION } },
  };
}

export function isOwnMessage({ properties }: Pick<ConsumeMessage, 'properties'>): boolean {
  return properties.type === TYPE && properties.headers?.version === VERSION;
}

/** The keys in a table; undefined if it is a mark. */
export function keysIn({ content }: Pick<ConsumeMessage, 'content'>): ParkedKeys | undefined {
  const keys = objectOf(content)?.keys;
  if (typeof keys !== 'object' || keys === null) return undefined;
  return new Map(
    Object.entries(keys).flatMap(([key, sidings]: [string, unknown]) =>
      Array.isArray(sidings) ? [[key, sidings.filter((siding) => typeof siding === 'number')] as const] : [],
    ),
  );
}

/** What is parked according to any of them, the newest last: one that is too large is slow, never wrong. */
export function unionOf(tables: Iterable<ParkedKeys>): ParkedKeys {
  const union = new Map<string, readonly number[]>();
  for (const table of tables)
    for (const [key, sidings] of table) {
      const older = (union.get(key) ?? []).filter((siding) => !sidings.includes(siding));
      union.set(key, [...older, ...sidings]);
    }
  return union;
}
