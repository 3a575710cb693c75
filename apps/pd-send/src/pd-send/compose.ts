import { hostname } from 'node:os';
import {
  generateDedupKey,
  MAXIMUM_SUMMARY_CHARACTERS,
  SEVERITIES,
  type AlertEvent,
  type AlertPayload,
} from '@pdaltagent/events';
import { definedMembers, parseFields, truncate } from '../fields';
import { lastValue, UsageError, type ParsedArguments } from '../parse';
import { type PdSendOption } from './command';

/** Builds the event from the arguments. @throws UsageError */
export function compose(given: ParsedArguments<PdSendOption>): AlertEvent {
  const text = (name: PdSendOption): string | undefined => lastValue(given, name);
  const type = text('type');
  const routing_key = text('key') ?? '';
  const description = text('description');
  const incidentKey = text('incidentKey') || undefined;
  const fields = given.get('field');
  const details = fields === undefined ? {} : { custom_details: parseFields(fields) };
  const client = definedMembers({ client: text('client'), client_url: text('clientUrl') });
  const payload = (summary: string): AlertPayload => ({
    summary: truncate(MAXIMUM_SUMMARY_CHARACTERS, summary),
    source: text('source') ?? hostname(),
    severity: SEVERITIES.find((severity) => severity === text('severity')) ?? 'critical',
    ...definedMembers({ component: text('component'), group: text('group'), class: text('class') }),
    ...details,
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
    dedup_key: incidentKey ?? generateDedupKey(),
    payload: payload(description),
    ...client,
  };
}

function isBlank(text: string | undefined): text is undefined {
  return text === undefined || text.trim() === '';
}
