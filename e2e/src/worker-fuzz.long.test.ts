import { describeFuzzedWorker } from './worker-fuzz.fixture';

describeFuzzedWorker(10_000);
