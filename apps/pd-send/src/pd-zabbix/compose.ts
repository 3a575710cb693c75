import { MAXIMUM_SUMMARY_CHARACTERS, type AlertEvent, type Severity } from '@pdaltagent/events';
import { CommandError } from '../command';
import { dedupKeyOf, truncate } from '../fields';
import { lastValue, type ParsedArguments } from '../parse';
import { type PdZabbixOption } from './command';

/** As in Zabbix's own media type for PagerDuty. */
const SEVERITIES: Readonly<Record<string, Severity>> = {
  'not classified': 'info',
  information: 'info',
  warning: 'warning',
  average: 'warning',
  high: 'error',
  disaster: 'critical',
};

/** Builds the event for a message, with key, summary and details as in PagerDuty Agent's pd-zabbix. @throws CommandError */
export function compose(given: ParsedArguments<PdZabbixOption>): AlertEvent {
  const details = new Map(linesOf(lastValue(given, 'body') ?? ''));
  const value = (name: string): string => {
    const found = details.get(name);
    if (found === undefined) throw new CommandError(`the body has no line '${name}:'`);
    return found;
  };
  const hostname = value('hostname');
  const summary = `${value('name')} : ${value('status')} for ${hostname}`;
  const note = details.get('NOTE');
  const isCancelled = lastValue(given, 'type') === 'trigger' && note?.includes('Escalation cancelled') === true;
  if (isCancelled) details.set('NOTE', `${note} (converted from trigger to resolve by pdagent integration)`);
  const url = details.get('url');
  return {
    routing_key: lastValue(given, 'key') ?? '',
    event_action: lastValue(given, 'type') === 'resolve' || isCancelled ? 'resolve' : 'trigger',
    dedup_key: dedupKeyOf(details.get('incident_key') || `${value('id')}-${hostname}`),
    payload: {
      summary: truncate(MAXIMUM_SUMMARY_CHARACTERS, summary),
      source: hostname,
      severity: severityOf(details.get('severity')),
      custom_details: Object.fromEntries(details),
    },
    client: 'Zabbix',
    ...(url ? { client_url: url } : {}),
  };
}

/** `NAME:VALUE`, split at the first colon; a line without one continues the previous value. */
function linesOf(body: string): [name: string, value: string][] {
  const lines: [name: string, value: string][] = [];
  for (const line of body.trim().split('\n')) {
    const text = line.trim();
    const at = text.indexOf(':');
    const last = lines.at(-1);
    if (at >= 0) lines.push([text.slice(0, at), text.slice(at + 1)]);
    else if (last !== undefined) last[1] += `\n${text}`;
    else throw new CommandError(`the body must begin with NAME:VALUE, but begins with '${text.slice(0, 80)}'`);
  }
  return lines;
}

function severityOf(text: string | undefined): Severity {
  const name = text?.trim().toLowerCase() ?? '';
  return name === '' ? 'critical' : (SEVERITIES[name] ?? 'info');
}
