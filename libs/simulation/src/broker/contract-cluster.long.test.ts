import { CLUSTER_CASES } from './contract-cluster-cases.fixture';
import { describeContract } from './contract.fixture';
import { realCluster } from './real-cluster.fixture';

describeContract('three nodes of RabbitMQ', realCluster, CLUSTER_CASES, 600_000);
