import { type FactSource, type PlacedFact } from '@pdaltagent/journal';

/** A gateway that stores events on its disk: they may wait there, where an audit on another host cannot see them. */
export interface SpoolingGateway {
  readonly source: FactSource;
  readonly mode: string;
  readonly since: number;
}

/** How each gateway stores events, by its latest fact. */
export class SpoolModes {
  readonly #gateways = new Map<string, SpoolingGateway>();

  add({ fact, source }: PlacedFact): void {
    if (fact.kind !== 'spool-mode') return;
    // A gateway that started again has the spool of the one before.
    const name = `${source.service} ${source.host}`;
    const known = this.#gateways.get(name);
    if (known === undefined || known.since <= fact.at)
      this.#gateways.set(name, { source, mode: fact.mode, since: fact.at });
  }

  spooling(): SpoolingGateway[] {
    return [...this.#gateways.values()].filter(({ mode }) => mode !== 'direct');
  }
}
