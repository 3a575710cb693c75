// Measures the scrubber: what it finds in labelled texts, what it leaves alone, what an event costs, and how long the worst
// half megabyte takes. Ends with 1 where a figure misses its target.
// Usage: scrubber [corpus.jsonl]; without a corpus the one of libs/scrubber is taken.
import path from 'node:path';
import { scoreCorpus } from './scrubber/corpus';
import { checkClean, checkDedupKeys, timeEvents } from './scrubber/events';
import { timeRedos } from './scrubber/redos';

scoreCorpus(process.argv[2] ?? path.resolve('libs/scrubber/fixtures/corpus.jsonl'));
checkClean();
checkDedupKeys();
timeEvents();
timeRedos();
