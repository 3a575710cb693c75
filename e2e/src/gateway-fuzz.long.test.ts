import { describeFuzzedGateway } from './gateway-fuzz.fixture';

describeFuzzedGateway(10_000);
