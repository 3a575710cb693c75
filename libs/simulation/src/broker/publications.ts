interface Publication {
  /** The client's name. */
  readonly by: string;
  state: 'waits' | 'confirmed' | 'failed';
}

/** By message id: who published it, and what became of that. */
export class Publications {
  readonly #publications = new Map<string, Publication[]>();

  /** @returns to be called when its publisher learns whether it is confirmed */
  add(id: string, by: string): (isConfirmed: boolean) => void {
    const publication: Publication = { by, state: 'waits' };
    const others = this.#publications.get(id);
    if (others === undefined) this.#publications.set(id, [publication]);
    else others.push(publication);
    return (isConfirmed) => (publication.state = isConfirmed ? 'confirmed' : 'failed');
  }

  /** Whether a publisher has sent the message twice, or got no confirm: there may be two copies for longer than a move takes. */
  isUncertain(id: string): boolean {
    const publications = this.#publications.get(id) ?? [];
    const publishers = new Set(publications.map(({ by }) => by));
    return publishers.size < publications.length || publications.some(({ state }) => state !== 'confirmed');
  }

  /** Whether a worker moved the message to a siding. */
  isMoved(id: string): boolean {
    return (this.#publications.get(id) ?? []).some(({ by }) => by.startsWith('worker'));
  }
}
