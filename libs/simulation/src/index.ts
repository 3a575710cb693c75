export { SimulatedBroker } from './broker/simulated-broker';
export { SimulatedConnection } from './broker/simulated-connection';
export { runCommand } from './command';
export { Scheduler } from './scheduler';
export { SeededRandom } from './seeded-random';
export { SimulatedProcess } from './simulated-process';
export { VirtualClock } from './virtual-clock';
export { type Fault, FAULT_KINDS } from './world/faults';
export { type SimulationReport, simulate, type SimulateOptions } from './world/simulate';
