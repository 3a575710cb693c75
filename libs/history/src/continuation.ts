import { type FactBatch } from '@pdaltagent/journal';
import { type HoleReason } from './answers';
import { type Position } from './meta';

/** How the first batch that is read goes on from what the index ends with; otherwise, why facts are missing in between. */
export function continuationOf(position: Position, { offset, source, sequence }: FactBatch): 'continues' | HoleReason {
  if (offset < position.offset) return 'recreated';
  if (offset === position.offset)
    return source.instance === position.instance && sequence === position.sequence ? 'continues' : 'recreated';
  // The batch that the index ends with may be too old by now, and yet nothing is missing.
  return offset === position.offset + 1 ? 'continues' : 'dropped';
}
