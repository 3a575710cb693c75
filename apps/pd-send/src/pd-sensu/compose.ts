import {
  isJsonObject,
  MAXIMUM_SUMMARY_CHARACTERS,
  readDocument,
  type AlertEvent,
  type Severity,
} from '@pdaltagent/events';
import { CommandError } from '../command';
import { dedupKeyOf, truncate } from '../fields';
import { lastValue, type ParsedArguments } from '../parse';
import { type PdSensuOption } from './command';

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical'];

/**
 * Builds the event for a check result; for Sensu Core with key, summary and details as in PagerDuty Agent's pd-sensu. Events of
 * Sensu Go have an entity instead of a client, and no action: a check with status 0 is passing (Sensu Go, "Events reference").
 * @throws CommandError
 */
export async function compose(
  given: ParsedArguments<PdSensuOption>,
  input: () => Promise<string>,
): Promise<AlertEvent> {
  const reading = readDocument(Buffer.from(await input()));
  if (!reading.ok) throw new CommandError('standard input is not a JSON object: expected a Sensu check result');
  const result = reading.document.value;
  const isGo = isJsonObject(result['entity']);
  const client = isGo ? metadataIn(result['entity'], 'name') : textIn(result['client'], 'name');
  const check = isGo ? metadataIn(result['check'], 'name') : textIn(result['check'], 'name');
  // Each result has a new id, so a key derived from it would never match the alert.
  if (isGo && (client === undefined || check === undefined))
    throw new CommandError(
      'the Sensu Go event has no entity.metadata.name or check.metadata.name: only events with a check can be sent',
    );
  const namespace = isGo ? metadataIn(result['entity'], 'namespace') : undefined;
  // Names are unique within a namespace only. Without it for `default`, keys of installations that have no other stay short.
  const scope = namespace === undefined || namespace === 'default' ? '' : `${namespace}/`;
  const named = client === undefined || check === undefined ? textIn(result, 'id') : `${scope}${client}/${check}`;
  const key = lastValue(given, 'incidentKey') || named;
  if (key === undefined) throw new CommandError('the check result has no id, and not both client.name and check.name');
  const isResolved = isGo ? statusOf(result['check']) === 0 : textIn(result, 'action') === 'resolve';
  return {
    routing_key: lastValue(given, 'key') ?? '',
    event_action: isResolved ? 'resolve' : 'trigger',
    dedup_key: dedupKeyOf(key),
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

/** In Sensu Go, the name of a resource and its namespace are in its metadata. */
function metadataIn(resource: unknown, name: 'name' | 'namespace'): string | undefined {
  return isJsonObject(resource) ? textIn(resource['metadata'], name) : undefined;
}

function statusOf(check: unknown): unknown {
  return isJsonObject(check) ? check['status'] : undefined;
}

function severityOf(check: unknown): Severity {
  const status = statusOf(check);
  return (typeof status === 'number' ? SEVERITIES[status] : undefined) ?? 'error';
}
