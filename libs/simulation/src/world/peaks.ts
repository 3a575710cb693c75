import { type World } from './world';

/** The counters of a world at a moment. */
interface Sample {
  readonly at: number;
  readonly steps: number;
  readonly connects: number;
  readonly channels: number;
  readonly declares: number;
}

const WINDOW_MS = 1_000;

/** The most that a world did within a second, and the most that its services held; by samples, two a second. */
export class Peaks {
  readonly #world: World;
  /** Of the last second. */
  readonly #samples: Sample[] = [];
  stepsPerSecond = 0;
  connectsPerSecond = 0;
  /** Channels that were opened. */
  channelsPerSecond = 0;
  /** Passive declarations. */
  declaresPerSecond = 0;
  /** Messages in the memory of one worker. */
  held = 0;
  /** Bytes of the messages in the memory of one worker, with their headers. */
  heldBytes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  sample(): void {
    const { scheduler, network, workers, broker } = this.#world;
    const sample: Sample = {
      at: scheduler.now,
      steps: scheduler.steps,
      connects: network.attempts,
      channels: broker.channelsOpened,
      declares: broker.passiveDeclares,
    };
    this.#samples.push(sample);
    const [first = sample] = this.#samples;
    this.stepsPerSecond = Math.max(this.stepsPerSecond, sample.steps - first.steps);
    this.connectsPerSecond = Math.max(this.connectsPerSecond, sample.connects - first.connects);
    this.channelsPerSecond = Math.max(this.channelsPerSecond, sample.channels - first.channels);
    this.declaresPerSecond = Math.max(this.declaresPerSecond, sample.declares - first.declares);
    if (sample.at - first.at >= WINDOW_MS) this.#samples.shift();
    this.held = Math.max(this.held, ...workers.map(({ held }) => held));
    this.heldBytes = Math.max(this.heldBytes, ...workers.map(({ heldBytes }) => heldBytes));
  }
}
