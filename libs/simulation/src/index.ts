export { Scheduler } from './scheduler';
export { SeededRandom } from './seeded-random';
export { VirtualClock } from './virtual-clock';
