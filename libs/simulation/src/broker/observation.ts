/** What happened in the broker without its clients being told. */
export interface Observation {
  readonly what:
    | 'another client has the single active consumer'
    | 'a client is told that a queue is empty, which is not so'
    | 'the single active consumer is demoted'
    | 'a consumer that was demoted is active again'
    | 'a connection is closed because a queue does not answer';
  /** ms */
  readonly at: number;
  readonly queue: string;
  /** Whose connection it is; undefined for nobody's. */
  readonly client: string | undefined;
}

/** All observations, and who is called with each while the broker is still as it was then. */
export class Observations {
  readonly all: Observation[] = [];
  listener: (observation: Observation) => void = () => undefined;

  add(observation: Observation): void {
    this.all.push(observation);
    this.listener(observation);
  }
}
