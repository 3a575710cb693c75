import { describeFuzzedWorker } from './worker-fuzz.fixture';

describeFuzzedWorker(250);
