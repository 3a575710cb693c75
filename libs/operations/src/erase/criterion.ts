import { type AddressedMessage } from '@pdaltagent/messaging';
import { z } from 'zod';

/** What a person's data is recognized by; or certain messages, by their ids, one a line. */
export const criterionSchema = z.object({
  kind: z.enum(['dedup-key', 'source', 'text', 'ids']),
  value: z.string().min(1),
});
export type Criterion = z.infer<typeof criterionSchema>;

/** A stored event. */
export interface Searched {
  readonly body: Buffer;
  /** Undefined if it cannot be read: then only its bytes are searched. */
  readonly message: Searchable | undefined;
  /** What is stored beside it. */
  readonly response?: string;
}

type Searchable = Pick<AddressedMessage, 'routingKey' | 'orderKey' | 'query' | 'contentType'> &
  Partial<Pick<AddressedMessage, 'forward' | 'id'>>;

export type Matches = (searched: Searched) => boolean;

/** Whether an event matches. Keys and sources must be equal; a text may be anywhere, in any case, however JSON or a URL encodes it. */
export function matcherOf({ kind, value }: Criterion): Matches {
  switch (kind) {
    case 'dedup-key':
      return ({ message }) => message?.orderKey === `${message?.routingKey}:${value}`;
    case 'source':
      return ({ body }) => textsNamed(parseJson(body), 'source').includes(value);
    case 'ids': {
      const ids = new Set(value.split('\n'));
      return ({ message }) => message?.id !== undefined && ids.has(message.id);
    }
    case 'text': {
      const wanted = value.toLowerCase();
      const contains = (text: string): boolean => text.toLowerCase().includes(wanted);
      return (searched) => textsIn(searched).some(contains);
    }
  }
}

function textsIn({ body, message, response = '' }: Searched): string[] {
  const decoded: string[] = [];
  visit(parseJson(body), (name, text) => decoded.push(name, text));
  // Bytes that are not UTF-8 are likely ISO 8859-1.
  const texts = [body.toString('utf8'), body.toString('latin1'), ...decoded, response];
  if (message === undefined) return texts;
  const { orderKey, query = '', contentType, forward = {} } = message;
  return [...texts, orderKey, query, decodedQuery(query), contentType, ...Object.entries(forward).flat()];
}

function textsNamed(value: unknown, wanted: string): string[] {
  const found: string[] = [];
  visit(value, (name, text) => {
    if (name === wanted) found.push(text);
  });
  return found;
}

/** Calls it for every member and text of a JSON value, however deeply it is nested. */
function visit(root: unknown, found: (name: string, text: string) => void): void {
  const left: (readonly [name: string, value: unknown])[] = [['', root]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [name, value] = next;
    if (typeof value === 'object' && value !== null) {
      found(name, '');
      for (const entry of Object.entries(value)) left.push(entry);
    } else found(name, String(value));
  }
}

function decodedQuery(query: string): string {
  try {
    return decodeURIComponent(query.replaceAll('+', ' '));
  } catch {
    return '';
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
