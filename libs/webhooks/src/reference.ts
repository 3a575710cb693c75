import { listOf, objectOf, textOf } from './json';

/** PagerDuty's short form of a resource. `type` ends in `_reference`. */
export interface Reference {
  readonly id: string;
  readonly type: string;
  readonly summary: string | null;
  readonly self: string | null;
  readonly html_url: string | null;
}

/** The reference to a resource that is given in full or as a reference; null if there is none. */
export function referenceTo(resource: unknown, type: string): Reference | null {
  const fields = objectOf(resource);
  const id = textOf(fields?.id);
  if (fields === null || id === null) return null;
  const own = textOf(fields.type) ?? type;
  return {
    id,
    type: own.endsWith('_reference') ? own : `${own}_reference`,
    summary: textOf(fields.summary) ?? textOf(fields.name),
    self: textOf(fields.self),
    html_url: textOf(fields.html_url),
  };
}

export function referencesTo(resources: unknown, type: string): readonly Reference[] {
  return listOf(resources).flatMap((resource) => referenceTo(resource, type) ?? []);
}
