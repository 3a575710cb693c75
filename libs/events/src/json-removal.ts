import { READ_NAMES, type ReadName } from './field-names';
import { type Edit, edited, type EventDocument, type EventObject, isEventObject } from './json-document';
import { NameSet } from './json-names';
import { elementsOf, type Member, outlineOf } from './json-outline';
import { COMMA, isSpace, OPEN_BRACKET } from './json-strings';

/** A path in an event: names of members and indices of list entries. */
export type JsonPath = readonly (ReadName | number)[];

type Place = Member<string | number>;

/** The paths as a tree: a node without children is what is removed. */
interface PathNode {
  readonly children: Map<string | number, PathNode>;
}

/** Removes the values at these paths, none of which may be within another; all other bytes are unchanged. */
export function without(document: EventDocument, paths: readonly JsonPath[]): EventDocument {
  const tree = treeOf(paths);
  return edited(document, removalsWithin(document.bytes, 0, tree), objectWithout(document.value, tree));
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
function removalsWithin(bytes: Buffer, start: number, { children }: PathNode): Edit[] {
  const removals: Edit[] = [];
  const entered = new Map<PathNode, Place>();
  let removedTo = start;
  for (const place of placesAt(bytes, start, children)) {
    const node = children.get(place.name);
    if (node === undefined) continue;
    // If members have the same name, the last one counts, as for JSON.parse.
    if (node.children.size > 0) entered.set(node, place);
    else {
      const removal = removalOf(bytes, place, removedTo);
      removals.push(removal);
      removedTo = removal.end;
    }
  }
  return [...removals, ...[...entered].flatMap(([node, { valueStart }]) => removalsWithin(bytes, valueStart, node))];
}

/** The members or entries in question of the object or list that starts here. */
function placesAt(bytes: Buffer, start: number, children: PathNode['children']): readonly Place[] {
  if (bytes[start] === OPEN_BRACKET) return elementsOf(bytes, start, children);
  return outlineOf(bytes, start, new NameSet([...children.keys()].filter((name) => typeof name === 'string'))).members;
}

/** Each is removed with the comma before it, or with the comma after it if nothing before it is kept. */
function removalOf(bytes: Buffer, { start, valueEnd }: Place, removedTo: number): Edit {
  let before = start - 1;
  while (isSpace(bytes[before])) before -= 1;
  if (bytes[before] === COMMA && before >= removedTo) return { start: before, end: valueEnd, text: '' };
  let after = valueEnd;
  while (isSpace(bytes[after])) after += 1;
  return { start, end: bytes[after] === COMMA ? after + 1 : valueEnd, text: '' };
}

/** What parsing the event without these parts would give. */
function objectWithout(value: EventObject, { children }: PathNode): EventObject {
  const rest: Partial<Record<ReadName, unknown>> = { ...value };
  for (const name of READ_NAMES) {
    const node = children.get(name);
    if (node !== undefined) rest[name] = node.children.size === 0 ? undefined : partWithout(value[name], node);
  }
  return rest;
}

function partWithout(value: unknown, node: PathNode): unknown {
  if (isEventObject(value)) return objectWithout(value, node);
  if (!Array.isArray(value)) return value;
  return value.flatMap((entry: unknown, index) => {
    const child = node.children.get(index);
    if (child === undefined) return [entry];
    return child.children.size === 0 ? [] : [partWithout(entry, child)];
  });
}
