import { type Arrival, type SimulatorControl } from './simulator-control';
import { say, warn } from './terminal';

export interface Watch {
  /** Resolves with the next event that arrives at the simulated PagerDuty. */
  next(): Promise<Arrival>;
  stop(): void;
}

/** Tells every event that arrives at the simulated PagerDuty, for as long as it is not stopped. */
export function watchArrivals(simulator: SimulatorControl): Watch {
  let stopped = false;
  let waiting: ((arrival: Arrival) => void)[] = [];
  const run = async (): Promise<void> => {
    for (let sequence = 0; !stopped;) {
      for (const arrival of await simulator.arrivalsAfter(sequence, 5_000)) {
        sequence = arrival.sequence;
        say(`    delivered  ${describe(arrival)}`);
        for (const resolve of waiting.splice(0)) resolve(arrival);
      }
    }
  };
  run().catch((error: unknown) => {
    if (!stopped) warn(`the simulated PagerDuty cannot be watched any more: ${String(error)}`);
  });
  return {
    next: () => new Promise((resolve) => waiting.push(resolve)),
    stop: () => {
      stopped = true;
      waiting = [];
    },
  };
}

function describe({ api, action, dedupKey, alert, accepted }: Arrival): string {
  const what = [action ?? api, dedupKey].filter(Boolean).join(' ');
  return `${what} ${accepted ? `to the simulated PagerDuty: alert ${alert}` : 'was refused by the simulated PagerDuty'}`;
}
