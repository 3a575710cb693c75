/** What happened in the broker without its clients being told. */
export interface Observation {
  readonly what:
    | 'another client has the single active consumer'
    | 'a client gets a wrong count of a queue that it does not consume'
    | 'the single active consumer is demoted'
    | 'a connection is closed because a queue does not answer';
  /** ms */
  readonly at: number;
  readonly queue: string;
  /** Whose connection it is; undefined for nobody's. */
  readonly client: string | undefined;
}
