import {
  isJsonObject,
  MAXIMUM_SUMMARY_CHARACTERS,
  readDocument,
  type AlertEvent,
  type JsonObject,
  type Severity,
} from '@pdaltagent/events';
import { CommandError } from '../command';
import { dedupKeyOf, truncate } from '../fields';
import { lastValue, type ParsedArguments } from '../parse';
import { type PdSensuOption } from './command';

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical'];

/** The event for a check result; key, summary and details as PagerDuty Agent's pd-sensu makes them. @throws CommandError */
export async function compose(
  given: ParsedArguments<PdSensuOption>,
  input: () => Promise<string>,
): Promise<AlertEvent> {
  const reading = readDocument(Buffer.from(await input()));
  if (!reading.ok) throw new CommandError('the standard input is no JSON object: it should be a check result of Sensu');
  const result = reading.document.value;
  const client = textIn(result['client'], 'name');
  const check = textIn(result['check'], 'name');
  const named = client === undefined || check === undefined ? textIn(result, 'id') : dedupKeyOf(`${client}/${check}`);
  const key = lastValue(given, 'incidentKey') || named;
  if (key === undefined) throw new CommandError('the check result has neither client.name and check.name nor id');
  const action = textIn(result, 'action');
  return {
    routing_key: lastValue(given, 'key') ?? '',
    event_action: action === 'resolve' ? 'resolve' : 'trigger',
    dedup_key: key,
    payload: {
      summary: truncate(MAXIMUM_SUMMARY_CHARACTERS, `${key} : ${textIn(result['check'], 'output') ?? ''}`.trim()),
      source: client ?? key,
      severity: severityOf(result['check']),
      ...(check === undefined ? {} : { component: check }),
      custom_details: result,
    },
  };
}

function textIn(value: unknown, name: string): string | undefined {
  const found = isJsonObject(value) ? value[name] : undefined;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function severityOf(check: JsonObject[string]): Severity {
  const status = isJsonObject(check) ? check['status'] : undefined;
  return (typeof status === 'number' ? SEVERITIES[status] : undefined) ?? 'error';
}
