import { describeFuzzedGateway } from './gateway-fuzz.fixture';

/** `npm run fuzz -- gateway <cases>` sets another number. */
describeFuzzedGateway(Number(process.env.FUZZ_CASES ?? 2_000));
