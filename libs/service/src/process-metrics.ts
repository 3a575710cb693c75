import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * The timer that measures how long the event loop is blocked wakes the process this often, also if nothing happens; milliseconds. A
 * longer time would hide what the gateway promises: that no request holds it for more than 50 ms.
 */
export const EVENT_LOOP_PRECISION_MS = 10;

/** What every service says about its process: CPU, memory, garbage collections, the delay of the event loop. */
export function collectProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
}
