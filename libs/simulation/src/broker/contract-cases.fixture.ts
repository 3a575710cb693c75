import { CONSUMING } from './contract-consuming.fixture';
import { FAILURES } from './contract-failures.fixture';
import { GETTING } from './contract-getting.fixture';
import { type ContractCase } from './contract.fixture';
import { PUBLISHING } from './contract-publishing.fixture';
import { STALLS } from './contract-stalls.fixture';

/** What a simulated broker must have in common with the real one. */
export const CASES: readonly ContractCase[] = [...CONSUMING, ...GETTING, ...PUBLISHING, ...STALLS, ...FAILURES];
