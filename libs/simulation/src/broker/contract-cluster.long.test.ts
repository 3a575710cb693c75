import { CLUSTER_CASES } from './contract-cluster-cases.fixture';
import { type ClusterWorld } from './contract-world.fixture';
import { realCluster } from './real-cluster.fixture';

// The same cases as of the simulated broker, which runs them in its unit tests.
describe('three nodes of RabbitMQ', () => {
  let world: ClusterWorld;
  beforeAll(async () => {
    world = await realCluster();
  });
  afterAll(() => world.stop());

  it.each(CLUSTER_CASES)('%s', (_behaviour, test) => world.run(test), 600_000);
});
