import { describeFuzzedGateway } from './gateway-fuzz.fixture';

describeFuzzedGateway(50_000);
