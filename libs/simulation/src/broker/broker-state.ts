import { type Scheduler } from '../scheduler';
import { Exchanges } from './exchanges';

/** What all connections to a simulated broker share. */
export interface BrokerState {
  readonly scheduler: Scheduler;
  readonly exchanges: Exchanges;
  /** Bytes; a larger message closes its channel. Counts for channels that are opened from then on. */
  maxMessageSize: number;
  /** The broker is short of memory or disk. */
  isAlarmed: boolean;
  /** For names that the broker generates. */
  generated: number;
}

export function newState(scheduler: Scheduler): BrokerState {
  return { scheduler, exchanges: new Exchanges(), maxMessageSize: 134_217_728, isAlarmed: false, generated: 0 };
}
