import { CASES } from './contract-cases.fixture';
import { type ContractWorld, SimulatedWorld } from './contract-world.fixture';
import { realWorld } from './real-world.fixture';

describe.each([
  ['RabbitMQ', realWorld],
  ['the simulated broker', () => Promise.resolve(new SimulatedWorld(1))],
])('%s', (_, start) => {
  let world: ContractWorld;
  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world.stop());

  it.each(CASES)('%s', (_behaviour, test) => world.run(test), 120_000);
});
