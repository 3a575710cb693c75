export { SimulatedBroker } from './broker/simulated-broker';
export { SimulatedConnection } from './broker/simulated-connection';
export { Scheduler } from './scheduler';
export { SeededRandom } from './seeded-random';
export { VirtualClock } from './virtual-clock';
