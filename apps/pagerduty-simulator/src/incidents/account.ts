import { stableIdentifier } from './identifiers';

/** A PagerDuty service: one per routing key. */
export interface Service {
  readonly id: string;
  readonly integrationId: string;
  readonly routingKey: string;
  readonly name: string;
  readonly createdAt: number;
  lastIncidentAt: number | null;
  /** Number of its incidents in these states. */
  triggered: number;
  acknowledged: number;
}

export interface Person {
  readonly id: string;
  readonly name: string;
}

/** The people, the team and the escalation policies of the simulated account. */
export const ON_CALL: Person = { id: 'PUSR001', name: 'On-call Engineer' };
export const SECOND_LINE: Person = { id: 'PUSR002', name: 'Second Line' };
export const TEAM: Person = { id: 'PTEAM01', name: 'Platform' };
export const DEFAULT_POLICY: Person = { id: 'PESC001', name: 'Default' };
export const OTHER_POLICY: Person = { id: 'PESC002', name: 'Other team' };

/** The account's services, created when their routing keys first appear. */
export class Account {
  readonly #services = new Map<string, Service>();

  service(routingKey: string, now: number): Service {
    const known = this.#services.get(routingKey);
    if (known) return known;
    const service: Service = {
      id: stableIdentifier(`service ${routingKey}`),
      integrationId: stableIdentifier(`integration ${routingKey}`),
      routingKey,
      name: `Service of …${routingKey.slice(-4)}`,
      createdAt: now,
      lastIncidentAt: null,
      triggered: 0,
      acknowledged: 0,
    };
    this.#services.set(routingKey, service);
    return service;
  }

  clear(): void {
    this.#services.clear();
  }
}
