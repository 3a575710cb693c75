export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON value of a text, or undefined if it is not JSON. */
export function parseJson(bytes: Buffer | string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** A member as text; null if it is absent, null or blank; numbers and booleans are converted. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** Depth that can always be listed: JSON.stringify recurses, and fails at a few thousand levels. */
const MAXIMUM_LISTED_DEPTH = 1_000;

/** The value, or a text in its place if it is nested too deeply to be listed. */
export function listable(value: unknown): unknown {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < MAXIMUM_LISTED_DEPTH; depth += 1) {
    level = level.flatMap((inner): unknown[] =>
      typeof inner === 'object' && inner !== null ? Object.values(inner) : [],
    );
    if (level.length === 0) return value;
  }
  return `nested over ${MAXIMUM_LISTED_DEPTH} levels deep: not listed`;
}
