import { applyEdits, type Edit, type JsonDocument, readDocument } from './json-document';
import { elementsOf, outlineOf } from './json-outline';

/** A path in a JSON value: names of members and indices of list entries. */
export type JsonPath = readonly (string | number)[];

/** The position of a member with its name, or of an entry of a list, in the bytes; the end is exclusive. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly isRemoved: boolean;
}

/** Removes the values at these paths, none of which may be within another; all other bytes are unchanged. */
export function without(document: JsonDocument, paths: readonly JsonPath[]): JsonDocument {
  const { bytes } = document;
  const steps = new Map<string, { readonly holder: JsonPath; readonly last: Set<string | number> }>();
  for (const path of paths) {
    const holder = path.slice(0, -1);
    const name = JSON.stringify(holder);
    const group = steps.get(name) ?? { holder, last: new Set() };
    const last = path.at(-1);
    if (last !== undefined) group.last.add(last);
    steps.set(name, group);
  }
  const edits = [...steps.values()].flatMap(({ holder, last }) => removals(placesIn(bytes, holder, last)));
  const reading = readDocument(applyEdits(bytes, edits));
  return reading.ok ? reading.document : document;
}

function placesIn(bytes: Buffer, holder: JsonPath, removed: ReadonlySet<string | number>): readonly Place[] {
  const start = holder.reduce<number | undefined>(
    (at, step) =>
      at === undefined ? undefined : placesAt(bytes, at).findLast(({ name }) => name === step)?.valueStart,
    0,
  );
  if (start === undefined) return [];
  return placesAt(bytes, start).map((place) => ({ ...place, isRemoved: removed.has(place.name) }));
}

function placesAt(bytes: Buffer, start: number) {
  const members = outlineOf(bytes, start).members.map(({ name, start: at, valueStart, valueEnd }) => ({
    name,
    start: at,
    end: valueEnd,
    valueStart,
  }));
  if (members.length > 0) return members;
  return elementsOf(bytes, start).map(({ valueStart, valueEnd }, index) => ({
    name: index,
    start: valueStart,
    end: valueEnd,
    valueStart,
  }));
}

/** Each is removed with the comma before it, or with the comma after it if nothing before it is kept. */
function removals(places: readonly Place[]): Edit[] {
  const firstKept = places.findIndex(({ isRemoved }) => !isRemoved);
  return places.flatMap((place, at): Edit[] => {
    if (!place.isRemoved) return [];
    const before = places[at - 1];
    const after = places[at + 1];
    if (firstKept >= 0 && at > firstKept && before !== undefined)
      return [{ start: before.end, end: place.end, text: '' }];
    return [{ start: place.start, end: after?.start ?? place.end, text: '' }];
  });
}
