import { WAITING } from './contract-waiting.fixture';
import { type ContractWorld } from './contract-world.fixture';
import { realWorld } from './real-world.fixture';

// The same cases as of the simulated broker, which runs them in its unit tests.
describe('RabbitMQ', () => {
  let world: ContractWorld;
  beforeAll(async () => {
    world = await realWorld();
  });
  afterAll(() => world.stop());

  it.each(WAITING)('%s', (_behaviour, test) => world.run(test), 240_000);
});
