import { applyEdits, type Edit, type EventDocument, readEvent } from './json-document';
import { elementsOf, type Member, outlineOf } from './json-outline';

/** A path in a JSON value: names of members and indices of list entries. */
export type JsonPath = readonly (string | number)[];

/** A member with its name, or an entry of a list with its index: its position in the bytes; the end is exclusive. */
interface Place extends Omit<Member, 'name'> {
  readonly name: string | number;
}

/** The paths as a tree: a node without children is what is removed. */
interface PathNode {
  readonly children: Map<string | number, PathNode>;
}

/** Removes the values at these paths, none of which may be within another; all other bytes are unchanged. */
export function without(document: EventDocument, paths: readonly JsonPath[]): EventDocument {
  const { bytes } = document;
  const reading = readEvent(applyEdits(bytes, removalsWithin(bytes, outlineOf(bytes).members, treeOf(paths))));
  return reading.ok ? reading.document : document;
}

function treeOf(paths: readonly JsonPath[]): PathNode {
  const root: PathNode = { children: new Map() };
  for (const path of paths) {
    let node = root;
    for (const step of path) {
      const child = node.children.get(step) ?? { children: new Map() };
      node.children.set(step, child);
      node = child;
    }
  }
  return root;
}

/** Each object and each list is scanned once, however many paths lead through it: an event may have many members. */
function removalsWithin(bytes: Buffer, places: readonly Place[], { children }: PathNode): Edit[] {
  const removed = new Set<Place>();
  const entered = new Map<PathNode, Place>();
  for (const place of places) {
    const node = children.get(place.name);
    if (node === undefined) continue;
    if (node.children.size === 0) removed.add(place);
    // If members have the same name, the last one counts, as for JSON.parse.
    else entered.set(node, place);
  }
  return [
    ...removals(places, removed),
    ...[...entered].flatMap(([node, { valueStart }]) => removalsWithin(bytes, placesAt(bytes, valueStart), node)),
  ];
}

function placesAt(bytes: Buffer, start: number): readonly Place[] {
  const elements = elementsOf(bytes, start);
  if (elements.length === 0) return outlineOf(bytes, start).members;
  return elements.map((element, index) => ({ name: index, start: element.valueStart, ...element }));
}

/** Each is removed with the comma before it, or with the comma after it if nothing before it is kept. */
function removals(places: readonly Place[], removed: ReadonlySet<Place>): Edit[] {
  const firstKept = places.findIndex((place) => !removed.has(place));
  return places.flatMap((place, at): Edit[] => {
    if (!removed.has(place)) return [];
    const before = places[at - 1];
    const after = places[at + 1];
    if (firstKept >= 0 && at > firstKept && before !== undefined)
      return [{ start: before.valueEnd, end: place.valueEnd, text: '' }];
    return [{ start: place.start, end: after?.start ?? place.valueEnd, text: '' }];
  });
}
