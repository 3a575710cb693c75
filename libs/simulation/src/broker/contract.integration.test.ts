import { CASES } from './contract-cases.fixture';
import { describeContract } from './contract.fixture';
import { realWorld } from './real-world.fixture';

describeContract('RabbitMQ', realWorld, CASES);
