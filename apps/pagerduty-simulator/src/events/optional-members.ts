import { isObject, type JsonObject } from './json';

/** A date, or a date and a time of day, as PagerDuty documents it (REST API, "Types": DateTime). */
const DATE_TIME =
  /^\d{4}-\d\d-\d\d(T(24:?00(:?00([.,]0+)?)?|([01]\d|2[0-3]):?[0-5]\d(:?([0-5]\d|60)([.,]\d+)?)?)(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?)?$/;

/** What is wrong with the members that an event may have, but need not. null counts as absent. */
export function optionalErrors(api: 'v2' | 'change' | 'v1', event: JsonObject): readonly string[] {
  if (api === 'v1') return [...textErrors(event, '', ['client', 'client_url']), ...listErrors(event, 'contexts')];
  const payload = isObject(event.payload) ? event.payload : {};
  return [
    ...(api === 'v2' ? textErrors(event, '', ['client', 'client_url']) : []),
    ...textErrors(payload, 'payload.', api === 'v2' ? ['component', 'group', 'class'] : ['source']),
    ...timestampErrors(payload.timestamp),
    ...listErrors(event, 'images'),
    ...listErrors(event, 'links'),
  ];
}

function timestampErrors(timestamp: unknown): string[] {
  if (timestamp === undefined || timestamp === null) return [];
  if (typeof timestamp === 'string' && DATE_TIME.test(timestamp) && !Number.isNaN(Date.parse(timestamp.slice(0, 10)))) {
    return [];
  }
  return ["'payload.timestamp' is invalid (must be an ISO 8601 date and time)"];
}

function textErrors(holder: JsonObject, place: string, names: readonly string[]): string[] {
  return names
    .filter((name) => holder[name] !== undefined && holder[name] !== null && typeof holder[name] !== 'string')
    .map((name) => `'${place}${name}' is not a string`);
}

function listErrors(event: JsonObject, name: 'images' | 'links' | 'contexts'): string[] {
  const list: unknown = event[name];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return [`'${name}' is not a list`];
  return list.flatMap((entry: unknown, index) => {
    const place = `${name}[${index}]`;
    if (!isObject(entry)) return [`'${place}' is not an object`];
    const kind = name === 'contexts' ? entry.type : name === 'images' ? 'image' : 'link';
    if (kind !== 'image' && kind !== 'link') return [`'${place}.type' is invalid (must be one of: link image)`];
    const required = kind === 'image' ? 'src' : 'href';
    const value = entry[required];
    const blank = value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
    return [
      ...(blank ? [`'${place}.${required}' is missing or blank`] : []),
      ...textErrors(entry, `${place}.`, kind === 'image' ? ['src', 'href', 'alt'] : ['href', 'text']),
    ];
  });
}
