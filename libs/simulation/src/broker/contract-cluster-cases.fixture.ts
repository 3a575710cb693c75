import { CONSUMERS } from './contract-cluster-consumers.fixture';
import { CUT_OFF } from './contract-cluster-cut-off.fixture';
import { type ClusterCase } from './contract-cluster.fixture';
import { LEADERS } from './contract-cluster-leaders.fixture';

/** What only a cluster shows. */
export const CLUSTER_CASES: readonly ClusterCase[] = [...CONSUMERS, ...LEADERS, ...CUT_OFF];
