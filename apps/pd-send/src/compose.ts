import {
  makeDedupKey,
  MAXIMUM_SUMMARY_CHARACTERS,
  type AlertEvent,
  type AlertPayload,
  type Severity,
} from '@pdaltagent/events';
import { UsageError, type Given } from './parse';
import { type OptionName } from './options';

/** The event that a command line asks for. A trigger always gets a key, so that a repeated attempt is one alert. @throws UsageError */
export function compose(given: Given): AlertEvent {
  const text = (name: OptionName): string | undefined => given.get(name)?.at(-1);
  const type = text('type');
  const routing_key = text('key') ?? '';
  const description = text('description');
  const incidentKey = text('incidentKey') || undefined;
  const fields = fieldsOf(given.get('field') ?? []);
  const client = present({ client: text('client'), client_url: text('clientUrl') });
  const payload = (summary: string): AlertPayload => ({
    summary: [...summary].slice(0, MAXIMUM_SUMMARY_CHARACTERS).join(''),
    source: text('source') ?? 'PDaltagent',
    severity: severityOf(text('severity')),
    ...present({ component: text('component'), group: text('group'), class: text('class') }),
    ...(fields === undefined ? {} : { custom_details: fields }),
  });

  if (type === 'acknowledge' || type === 'resolve') {
    if (incidentKey === undefined) throw new UsageError(`Event type '${type}' requires incident key`);
    return {
      routing_key,
      event_action: type,
      dedup_key: incidentKey,
      ...(isBlank(description) ? {} : { payload: payload(description) }),
      ...client,
    };
  }
  if (isBlank(description)) throw new UsageError("Event type 'trigger' requires description");
  return {
    routing_key,
    event_action: 'trigger',
    dedup_key: incidentKey ?? makeDedupKey(),
    payload: payload(description),
    ...client,
  };
}

/** Split at the first "="; all values are strings; of two with one name the last one counts. */
function fieldsOf(fields: readonly string[]): Record<string, string> | undefined {
  if (fields.length === 0) return undefined;
  return Object.fromEntries(
    fields.map((field) => {
      const at = field.indexOf('=');
      if (at < 0) throw new UsageError(`argument -f/--field: expected KEY=VALUE, got '${field}'`);
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
}

function severityOf(text: string | undefined): Severity {
  switch (text) {
    case 'error':
    case 'warning':
    case 'info':
      return text;
    default:
      return 'critical';
  }
}

function present(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined),
  );
}

function isBlank(text: string | undefined): text is undefined {
  return text === undefined || text.trim() === '';
}
