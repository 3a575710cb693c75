// A thread that scrubs large requests. Bundled as dist/apps/ingest-gateway/scrub-worker.js.
import { type Scrubber } from '@pdaltagent/scrubber';
import { scrubberWith, type ScrubSettings } from '@pdaltagent/service';
import { worker } from 'workerpool';
import { type ScrubbableParts } from './ports';
import { scrubParts, type ScrubResult } from './scrub-parts';

/** Undefined: the usual time limit. 0: everything that may contain personal data is replaced without a scan. */
export type TimeLimit = 0 | undefined;

const scrubbers = new Map<TimeLimit, Scrubber>();

/** @param settings the same in every call */
function scrub(settings: ScrubSettings, parts: ScrubbableParts, limit: TimeLimit): ScrubResult {
  const scrubber = scrubbers.get(limit) ?? scrubberWith(settings, limit);
  scrubbers.set(limit, scrubber);
  // Between threads, a Buffer becomes a plain array of bytes.
  const { buffer, byteOffset, length } = parts.body;
  return scrubParts(scrubber, { ...parts, body: Buffer.from(buffer, byteOffset, length) });
}

export type Scrubbing = typeof scrub;

worker({ scrub });
