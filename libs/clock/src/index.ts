export { type Clock, SYSTEM_CLOCK } from './clock';
export { delay, every } from './delay';
export { type Random, SYSTEM_RANDOM } from './random';
