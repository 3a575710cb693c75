/** A JSON object of unknown content. */
export type JsonObject = { readonly [field: string]: unknown };

export function objectOf(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The defaults in their order, replaced by existing values; fields without a default follow. */
export function withDefaults(defaults: JsonObject, value: JsonObject): JsonObject {
  const present = Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
  return { ...defaults, ...present };
}

/** The JSON of a value; null if it is nested too deeply to be serialized (a few thousand levels). */
export function textOfJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
