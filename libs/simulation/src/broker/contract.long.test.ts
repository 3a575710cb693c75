import { WAITING } from './contract-waiting.fixture';
import { describeContract } from './contract.fixture';
import { realWorld } from './real-world.fixture';

describeContract('RabbitMQ', realWorld, WAITING, 240_000);
