import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { type Path, type Problem } from './problem';

/** A YAML or JSON document with line numbers. */
export interface SourceDocument {
  readonly content: unknown;
  /** The line of the value at the path, or of its innermost existing parent. */
  lineOf(path: Path): number;
}

/** @returns the problems if the text is not YAML (JSON is YAML too) */
export function readDocument(text: string): SourceDocument | readonly Problem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const problems = document.errors.map(({ pos, message }) => problemAt(lines.linePos(pos[0]).line, message));
  if (problems.length > 0) return problems;
  try {
    // Aliases of an anchor may expand exponentially; the library throws an error then.
    const content: unknown = document.toJS();
    return { content, lineOf: (path) => lineOf(path) };
  } catch (error) {
    return [problemAt(1, error instanceof Error ? error.message : String(error))];
  }

  function lineOf(path: Path): number {
    const last = path.at(-1);
    const parent = document.getIn(path.slice(0, -1), true);
    const key = isMap(parent) ? parent.items.find((pair) => isScalar(pair.key) && pair.key.value === last)?.key : null;
    const node = isNode(key) ? key : document.getIn(path, true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
    return path.length === 0 ? 1 : lineOf(path.slice(0, -1));
  }
}

function problemAt(line: number, message: string): Problem {
  return { line, path: '', message: `is not YAML or JSON: ${message}` };
}
