import { randomUUID } from 'node:crypto';
import { listable } from '../events/json';
import { type AlertChange } from '../received-events';
import { BoundedList } from '../bounded-list';
import { type SimulatorSettings } from '../settings';
import { Account } from './account';
import { Identifiers } from './identifiers';
import { changeStatus, type Incident, newIncident } from './incident';
import { type Agent, Journal, type LogEntry } from './journal';

/** An accepted alert event. */
export interface AlertEvent {
  readonly routingKey: string;
  readonly dedupKey: string | null;
  readonly action: string | null;
  readonly title: string | null;
  readonly severity: string | null;
  readonly details: unknown;
}

export interface AlertOutcome {
  readonly change: AlertChange;
  /** The alert's key: the event's own, or one generated for a trigger; null if the event concerns no alert. */
  readonly dedupKey: string | null;
}

export interface EntryTiming {
  /** By PagerDuty's clock; absent: now. */
  readonly createdAt?: number;
  /** Delay until the entry is visible; absent: the indexing delay from the settings. */
  readonly visibleAfterMs?: number;
}

export type EntryDraft = EntryTiming &
  Pick<LogEntry, 'type' | 'summary'> &
  Partial<Pick<LogEntry, 'id' | 'incident' | 'agent' | 'channel' | 'extra' | 'raw'>>;

// Shared by all entries, of which there may be millions.
const SERVICE: Agent = { kind: 'service' };
const API_CHANNEL = { type: 'api' };
const NOTHING = {};
const ACKNOWLEDGED = { acknowledgement_timeout: 1800 };

/** Alerts, incidents and log entries that result from events (Events API v2 documentation, "Event Action"). */
export class IncidentStore {
  readonly account = new Account();
  readonly journal: Journal;
  readonly #identifiers = new Identifiers();
  readonly #settings: () => SimulatorSettings;
  readonly #keepDetails: boolean;
  readonly #incidents: BoundedList<Incident>;
  /** Alerts that are not resolved, by routing key and dedup key. */
  readonly #open = new Map<string, Incident>();
  #numbers = 0;

  constructor(options: { settings: () => SimulatorSettings; keepDetails: boolean; maximum: number }) {
    this.#settings = options.settings;
    this.#keepDetails = options.keepDetails;
    this.#incidents = new BoundedList(options.maximum);
    this.journal = new Journal(options.maximum);
  }

  /** PagerDuty's clock, in milliseconds. */
  now(): number {
    return Date.now() + this.#settings().clockSkewMs;
  }

  handle(event: AlertEvent): AlertOutcome {
    const dedupKey = keyOf(event);
    return { dedupKey, change: dedupKey === null ? 'none' : this.#apply(event, dedupKey) };
  }

  open(routingKey: string, dedupKey: string): Incident | undefined {
    return this.#open.get(alertKey(routingKey, dedupKey));
  }

  find(id: string): Incident | undefined {
    return this.#incidents.items.find((incident) => incident.id === id || String(incident.number) === id);
  }

  get incidents(): readonly Incident[] {
    return this.#incidents.items;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Opens an incident, now or at a given time of PagerDuty's clock. */
  trigger(event: AlertEvent, dedupKey: string, when: EntryTiming = {}): Incident {
    const { routingKey, title, severity, details } = event;
    const createdAt = when.createdAt ?? this.now();
    const entryId = this.#identifiers.logEntry();
    const incident = newIncident({
      id: this.#identifiers.incident(),
      number: ++this.#numbers,
      service: this.account.service(routingKey, createdAt),
      dedupKey,
      title: title ?? 'An event without a summary',
      severity,
      details: this.#keepDetails ? listable(details) : null,
      createdAt,
      firstTriggerEntryId: entryId,
    });
    this.#incidents.push(incident);
    this.#open.set(alertKey(routingKey, dedupKey), incident);
    this.#logTrigger(incident, entryId, when);
    if (this.#settings().assignOnTrigger) {
      this.log({ ...when, type: 'assign_log_entry', summary: 'Assigned to On-call Engineer', incident });
    }
    return incident;
  }

  /** Closes the alert of a resolved incident, so that the next trigger opens a new one. */
  close(incident: Incident): void {
    const key = alertKey(incident.service.routingKey, incident.dedupKey);
    if (this.#open.get(key) === incident) this.#open.delete(key);
  }

  /** Writes a log entry. */
  log(draft: EntryDraft): LogEntry {
    const createdAt = draft.createdAt ?? this.now();
    const entry: LogEntry = {
      id: draft.id ?? this.#identifiers.logEntry(),
      type: draft.type,
      summary: draft.summary,
      createdAt: Math.floor(createdAt / 1000) * 1000,
      visibleAt: Date.now() + (draft.visibleAfterMs ?? this.#indexingDelay()),
      incident: draft.incident ?? null,
      agent: draft.agent ?? SERVICE,
      channel: draft.channel ?? API_CHANNEL,
      extra: draft.extra ?? NOTHING,
      raw: draft.raw ?? null,
    };
    this.journal.add(entry);
    return entry;
  }

  clear(): void {
    this.account.clear();
    this.journal.clear();
    this.#incidents.clear();
    this.#open.clear();
  }

  #apply(event: AlertEvent, dedupKey: string): AlertChange {
    const incident = this.open(event.routingKey, dedupKey);
    switch (event.action) {
      case 'trigger':
        if (incident) return this.#repeat(incident);
        this.trigger(event, dedupKey);
        return 'opened';
      case 'acknowledge':
        if (!incident) return 'dropped';
        if (incident.status === 'acknowledged') return 'unchanged';
        changeStatus(incident, 'acknowledged', this.now(), null);
        this.log({
          type: 'acknowledge_log_entry',
          summary: 'Acknowledged through the API',
          incident,
          extra: ACKNOWLEDGED,
        });
        return 'acknowledged';
      case 'resolve':
        if (!incident) return 'dropped';
        changeStatus(incident, 'resolved', this.now(), null);
        this.close(incident);
        this.log({ type: 'resolve_log_entry', summary: 'Resolved through the API', incident });
        return 'resolved';
      default:
        return 'none';
    }
  }

  #repeat(incident: Incident): AlertChange {
    incident.triggers += 1;
    this.#logTrigger(incident, this.#identifiers.logEntry());
    return 'repeated';
  }

  #logTrigger(incident: Incident, id: string, when: EntryTiming = {}): void {
    this.log({ ...when, id, type: 'trigger_log_entry', summary: 'Triggered through the API', incident });
  }

  #indexingDelay(): number {
    const delay = this.#settings().indexingDelayMs;
    if (typeof delay === 'number') return delay;
    const [least, most] = delay;
    return least + Math.random() * (most - least);
  }
}

/** The event's own key, or a new one for a trigger without; null if the event concerns no alert. */
export function keyOf({ dedupKey, action }: Pick<AlertEvent, 'dedupKey' | 'action'>): string | null {
  return dedupKey ?? (action === 'trigger' ? randomUUID().replaceAll('-', '') : null);
}

function alertKey(routingKey: string, dedupKey: string): string {
  return `${routingKey} ${dedupKey}`;
}
