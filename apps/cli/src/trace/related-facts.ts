import { type FactOf } from '@pdaltagent/journal';

/** What may have delayed a message, and is told with it. */
const RELATED_KINDS = ['key-parked', 'key-returned', 'key-throttled', 'circuit'] as const;
export const RELATED: ReadonlySet<string> = new Set(RELATED_KINDS);

/** So many are remembered until it is known whose they are. */
export const MOST_RELATED = 20_000;

export type RelatedFact = FactOf<(typeof RELATED_KINDS)[number]>;

export const isRelated = ({ kind }: { readonly kind: string }): boolean => RELATED.has(kind);
