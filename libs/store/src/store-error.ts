/** away: nothing was heard in time, and the command may have been carried out. refused: Redis answered with an error. */
export type StoreFailure = 'away' | 'refused';

export class StoreError extends Error {
  readonly code: StoreFailure;

  constructor(code: StoreFailure, detail: string) {
    super(code === 'away' ? `Redis is away: ${detail}` : `Redis refused: ${detail}`);
    this.name = 'StoreError';
    this.code = code;
  }
}
