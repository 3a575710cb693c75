import { type FactContent, type FactKind } from './fact';

type ContentOf<Kind extends FactKind> = Extract<FactContent, { readonly kind: Kind }>;

/**
 * A fact whose optional parts are added one by one, as far as they are known: on the way of every event, spreading objects for them
 * would cost more than the rest of a fact.
 */
export type FactDraft<Kind extends FactKind> = { -readonly [Name in keyof ContentOf<Kind>]: ContentOf<Kind>[Name] };
