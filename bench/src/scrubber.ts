// Measures the scrubber: precision and recall on labelled texts, CPU time per event, and CPU time for the worst half
// megabyte. Exits with 1 if a figure misses its target.
// Usage: scrubber [corpus.jsonl]; the default is the corpus of libs/scrubber.
import path from 'node:path';
import { scoreCorpus } from './scrubber/corpus';
import { checkClean, checkDedupKeys, timeEvents } from './scrubber/events';
import { timeRedos } from './scrubber/redos';

scoreCorpus(process.argv[2] ?? path.resolve('libs/scrubber/fixtures/corpus.jsonl'));
checkClean();
checkDedupKeys();
timeEvents();
timeRedos();
