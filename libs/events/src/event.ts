/** What PagerDuty is asked to do with an alert. */
export type EventAction = 'trigger' | 'acknowledge' | 'resolve';
export const EVENT_ACTIONS: readonly EventAction[] = ['trigger', 'acknowledge', 'resolve'];

export type Severity = 'critical' | 'error' | 'warning' | 'info';
export const SEVERITIES: readonly Severity[] = ['critical', 'error', 'warning', 'info'];

export interface Link {
  readonly href: string;
  readonly text?: string;
}

export interface Image {
  readonly src: string;
  readonly href?: string;
  readonly alt?: string;
}

/** The alert of an Events API v2 trigger. `custom_details` is documented as an object; real clients send strings too. */
export interface AlertPayload {
  readonly summary: string;
  readonly source: string;
  readonly severity: Severity;
  readonly timestamp?: string;
  readonly component?: string;
  readonly group?: string;
  readonly class?: string;
  readonly custom_details?: unknown;
}

interface Client {
  readonly client?: string;
  readonly client_url?: string;
}

/** Body of POST /v2/enqueue (PagerDuty, Events API v2, "Send an alert event"). */
export type AlertEvent = AlertTrigger | AlertUpdate;

export interface AlertTrigger extends Client {
  readonly routing_key: string;
  readonly event_action: 'trigger';
  readonly dedup_key?: string;
  readonly payload: AlertPayload;
  readonly images?: readonly Image[];
  readonly links?: readonly Link[];
}

export interface AlertUpdate extends Client {
  readonly routing_key: string;
  readonly event_action: 'acknowledge' | 'resolve';
  readonly dedup_key: string;
  readonly payload?: AlertPayload;
}

/** Body of POST /v2/change/enqueue. It has neither an action nor a dedup key. */
export interface ChangeEvent {
  readonly routing_key: string;
  readonly payload: {
    readonly summary: string;
    readonly source?: string;
    readonly timestamp?: string;
    readonly custom_details?: unknown;
  };
  readonly links?: readonly Link[];
  readonly images?: readonly Image[];
}

/** Body of POST /generic/2010-04-15/create_event.json (Events API v1). */
export type LegacyEvent = LegacyTrigger | LegacyUpdate;

export type LegacyContext = ({ readonly type: 'link' } & Link) | ({ readonly type: 'image' } & Image);

export interface LegacyTrigger extends Client {
  readonly service_key: string;
  readonly event_type: 'trigger';
  readonly incident_key?: string;
  readonly description: string;
  readonly details?: unknown;
  readonly contexts?: readonly LegacyContext[];
}

export interface LegacyUpdate {
  readonly service_key: string;
  readonly event_type: 'acknowledge' | 'resolve';
  readonly incident_key: string;
  readonly description?: string;
  readonly details?: unknown;
}
