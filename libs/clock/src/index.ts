export { type Clock, SYSTEM_CLOCK } from './clock';
export { delay, every, timeoutSignal } from './delay';
export { keepAlive } from './keep-alive';
export { nextTurn, pendingTurns } from './next-turn';
export { type Random, SYSTEM_RANDOM } from './random';
export { uuid, uuidAt } from './uuid';
