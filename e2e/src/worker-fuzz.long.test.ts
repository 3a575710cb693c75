import { describeFuzzedWorker } from './worker-fuzz.fixture';

/** `npm run fuzz -- worker <cases>` sets another number. */
describeFuzzedWorker(Number(process.env.FUZZ_CASES ?? 1_000));
