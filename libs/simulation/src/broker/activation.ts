/** A client has become the single active consumer of a queue. */
export interface Activation {
  /** ms */
  readonly at: number;
  readonly queue: string;
  /** Whose connection it is. */
  readonly client: string;
}
