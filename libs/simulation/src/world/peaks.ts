import { laneQueues } from './places';
import { type World } from './world';

/** The counters of a world at a moment. */
interface Sample {
  readonly at: number;
  readonly steps: number;
  readonly connects: number;
}

const WINDOW_MS = 1_000;

/** The most that a world did within a second, and the most that its services held; by samples, two a second. */
export class Peaks {
  readonly #world: World;
  /** Of the last second. */
  readonly #samples: Sample[] = [];
  stepsPerSecond = 0;
  connectsPerSecond = 0;
  /** Messages in the memory of one worker. */
  held = 0;
  /** Bytes of the bodies that workers hold of one queue, and of all. */
  bytesOfQueue = 0;
  bytesOfQueues = 0;

  constructor(world: World) {
    this.#world = world;
  }

  sample(): void {
    const { scheduler, network, workers, broker } = this.#world;
    const sample: Sample = { at: scheduler.now, steps: scheduler.steps, connects: network.attempts };
    this.#samples.push(sample);
    const [first = sample] = this.#samples;
    this.stepsPerSecond = Math.max(this.stepsPerSecond, sample.steps - first.steps);
    this.connectsPerSecond = Math.max(this.connectsPerSecond, sample.connects - first.connects);
    if (sample.at - first.at >= WINDOW_MS) this.#samples.shift();
    this.held = Math.max(this.held, ...workers.map(({ held }) => held));
    let bytesOfQueues = 0;
    for (const name of laneQueues()) {
      const bytes = broker.unacknowledgedIn(name).reduce((sum, { content }) => sum + content.length, 0);
      this.bytesOfQueue = Math.max(this.bytesOfQueue, bytes);
      bytesOfQueues += bytes;
    }
    this.bytesOfQueues = Math.max(this.bytesOfQueues, bytesOfQueues);
  }
}
