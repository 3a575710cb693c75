import { type ReceivedEvent, type SimulatorControl } from './simulator-control';
import { print, warn } from './terminal';

export interface EventWatch {
  /** Resolves with the next event received by the simulated PagerDuty. */
  next(): Promise<ReceivedEvent>;
  stop(): void;
}

/** Prints every event received by the simulated PagerDuty until it is stopped. */
export function watchEvents(simulator: SimulatorControl): EventWatch {
  let stopped = false;
  let waiting: ((event: ReceivedEvent) => void)[] = [];
  const run = async (): Promise<void> => {
    for (let sequence = 0; !stopped;) {
      for (const event of await simulator.eventsAfter(sequence, 5_000)) {
        sequence = event.sequence;
        print(`    delivered  ${describe(event)}`);
        for (const resolve of waiting.splice(0)) resolve(event);
      }
    }
  };
  run().catch((error: unknown) => {
    if (!stopped) warn(`lost contact with the simulated PagerDuty: ${String(error)}`);
  });
  return {
    next: () => new Promise((resolve) => waiting.push(resolve)),
    stop: () => {
      stopped = true;
      waiting = [];
    },
  };
}

function describe({ api, action, dedupKey, alert, accepted }: ReceivedEvent): string {
  const what = [action ?? api, dedupKey].filter(Boolean).join(' ');
  return `${what} ${accepted ? `to the simulated PagerDuty: alert ${alert}` : 'was refused by the simulated PagerDuty'}`;
}
