/** The events of every alert: triggered, repeated, acknowledged, resolved, and triggered again. */
const ACTIONS = [
  'trigger',
  'trigger',
  'acknowledge',
  'trigger',
  'resolve',
  'trigger',
  'acknowledge',
  'trigger',
  'trigger',
  'resolve',
] as const;

const ALERTS = 20;
const ROUTING_KEYS = 4;

export interface PlannedEvent {
  routingKey: string;
  alert: string;
  /** Counts from 1 within the alert. */
  sequence: number;
  action: (typeof ACTIONS)[number];
}

/** 200 events: 20 alerts over 4 routing keys, 10 events each, in the order in which they must arrive. */
export function checkPlan(): PlannedEvent[][] {
  return Array.from({ length: ALERTS }, (_, index) => {
    const routingKey = `c0ffee${index % ROUTING_KEYS}`.padEnd(32, '0');
    const alert = `check-${String(index + 1).padStart(2, '0')}`;
    return ACTIONS.map((action, place) => ({ routingKey, alert, sequence: place + 1, action }));
  });
}

/** The body of an event, with its sequence number. */
export function eventBody({ routingKey, alert, sequence, action }: PlannedEvent): string {
  return JSON.stringify({
    routing_key: routingKey,
    event_action: action,
    dedup_key: alert,
    payload: {
      summary: `${alert} #${sequence}`,
      source: 'check',
      severity: 'info',
      custom_details: { sequence },
    },
  });
}

/** The same event as arguments of pd-send. */
export function pdSendArguments({ routingKey, alert, sequence, action }: PlannedEvent): string[] {
  const summary = `${alert} #${sequence}`;
  return ['-k', routingKey, '-t', action, '-i', alert, '-d', summary, '-o', 'check', '-f', `sequence=${sequence}`];
}
