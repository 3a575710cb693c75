/** A JSON object with members that are altered one at a time. */
type Body = Readonly<Record<string, unknown>>;

/** A variation of a valid event. */
export interface Variation {
  readonly name: string;
  readonly path: string;
  readonly body: Body;
}

type Path = readonly (string | number)[];

const KEY = '0123456789abcdef0123456789abcdef';
const MISSING = Symbol('missing');
const LONG = 'x'.repeat(2_000);

/** Values of every type, for a member that has one of them. */
const VALUES: readonly (readonly [name: string, value: unknown])[] = [
  ['missing', MISSING],
  ['null', null],
  ['an empty text', ''],
  ['a blank text', ' \t'],
  ['a text', 'a text'],
  ['a number', 7],
  ['zero', 0],
  ['a boolean', true],
  ['false', false],
  ['a list', ['a']],
  ['an empty list', []],
  ['an object', { a: 1 }],
];

const ALERT: Body = {
  routing_key: KEY,
  event_action: 'trigger',
  dedup_key: 'disk',
  client: 'Monitor',
  client_url: 'https://monitor.example.com',
  payload: {
    summary: 'Disk is full',
    source: 'db1',
    severity: 'critical',
    timestamp: '2015-07-17T08:42:58.315+0000',
    component: 'disk',
    group: 'databases',
    class: 'disk',
    custom_details: { free: '0%' },
  },
  images: [{ src: 'https://example.com/a.png', href: 'https://example.com/a', alt: 'a graph' }],
  links: [{ href: 'https://example.com/runbook', text: 'runbook' }],
};

const CHANGE: Body = {
  routing_key: KEY,
  payload: {
    summary: 'Deployed',
    source: 'ci',
    timestamp: '2015-07-17T08:42:58.315+0000',
    custom_details: { build: 7 },
  },
  images: ALERT.images,
  links: ALERT.links,
};

const LEGACY: Body = {
  service_key: KEY,
  event_type: 'trigger',
  incident_key: 'disk',
  description: 'Disk is full',
  client: 'Monitor',
  client_url: 'https://monitor.example.com',
  details: { free: '0%' },
  contexts: [
    { type: 'link', href: 'https://example.com/runbook', text: 'runbook' },
    { type: 'image', src: 'https://example.com/a.png', href: 'https://example.com/a', alt: 'a graph' },
  ],
};

/** Every member that PagerDuty documents (Events API v2 "Send an alert event", "Send a change event"; Events API v1). */
const PAYLOAD = ['summary', 'source', 'severity', 'timestamp', 'component', 'group', 'class', 'custom_details'];
const LISTS: readonly Path[] = [
  ['images'],
  ['images', 0],
  ['images', 0, 'src'],
  ['images', 0, 'href'],
  ['images', 0, 'alt'],
  ['links'],
  ['links', 0],
  ['links', 0, 'href'],
  ['links', 0, 'text'],
];
const ALERT_MEMBERS: readonly Path[] = [
  ...['routing_key', 'event_action', 'dedup_key', 'client', 'client_url', 'payload'].map((name) => [name]),
  ...PAYLOAD.map((name) => ['payload', name]),
  ...LISTS,
];
const CHANGE_MEMBERS: readonly Path[] = [
  ['routing_key'],
  ['payload'],
  ...['summary', 'source', 'timestamp', 'custom_details'].map((name) => ['payload', name]),
  ...LISTS,
];
const LEGACY_MEMBERS: readonly Path[] = [
  ...['service_key', 'event_type', 'incident_key', 'description', 'client', 'client_url', 'details', 'contexts'].map(
    (name) => [name],
  ),
  ...[0, 1].flatMap((index) => [
    ['contexts', index],
    ...['type', 'href', 'src', 'text', 'alt'].map((name) => ['contexts', index, name]),
  ]),
];

const TOO_LONG: readonly (readonly [Body, string, Path, string])[] = [
  [ALERT, '/v2/enqueue', ['payload', 'summary'], 'x'.repeat(1_024)],
  [ALERT, '/v2/enqueue', ['payload', 'summary'], '𝕏'.repeat(1_024)],
  [ALERT, '/v2/enqueue', ['payload', 'summary'], 'x'.repeat(1_025)],
  [ALERT, '/v2/enqueue', ['dedup_key'], 'x'.repeat(255)],
  [ALERT, '/v2/enqueue', ['dedup_key'], 'x'.repeat(256)],
  [ALERT, '/v2/enqueue', ['routing_key'], `${KEY}0`],
  [ALERT, '/v2/enqueue', ['routing_key'], `${KEY.slice(1)}-`],
  [{ ...ALERT, event_action: 'resolve' }, '/v2/enqueue', ['payload', 'summary'], LONG],
  [ALERT, '/v2/enqueue', ['client'], LONG],
  [ALERT, '/v2/enqueue', ['links', 0, 'text'], LONG],
  [CHANGE, '/v2/change/enqueue', ['payload', 'summary'], 'x'.repeat(1_025)],
  [LEGACY, '/generic/2010-04-15/create_event.json', ['description'], 'x'.repeat(1_024)],
  [LEGACY, '/generic/2010-04-15/create_event.json', ['description'], 'x'.repeat(1_025)],
  [{ ...LEGACY, event_type: 'resolve' }, '/generic/2010-04-15/create_event.json', ['description'], LONG],
  [LEGACY, '/generic/2010-04-15/create_event.json', ['incident_key'], 'x'.repeat(256)],
  [LEGACY, '/generic/2010-04-15/create_event.json', ['service_key'], KEY.slice(1)],
];

const TIMESTAMPS = ['2011-05-06', '2011-05-06T17:00Z', '2011-05-06T03:30-07', '2011-05-06T25:00Z', '2011-13-06', 'now'];
const SEVERITIES = ['critical', 'warning', 'error', 'info', 'Critical', 'unknown'];

/** Each documented member with each type of value, missing, too long, and with its own special values. */
export const VARIATIONS: readonly Variation[] = [
  ...['trigger', 'acknowledge', 'resolve'].flatMap((action) => [
    ...variationsOf({ ...ALERT, event_action: action }, '/v2/enqueue', ALERT_MEMBERS),
    ...variationsOf({ ...LEGACY, event_type: action }, '/generic/2010-04-15/create_event.json', LEGACY_MEMBERS),
  ]),
  ...variationsOf(CHANGE, '/v2/change/enqueue', CHANGE_MEMBERS),
  ...TOO_LONG.map(([body, path, member, value]) =>
    variationOf(body, path, member, `${value.length} characters`, value),
  ),
  ...TIMESTAMPS.map((text) => variationOf(ALERT, '/v2/enqueue', ['payload', 'timestamp'], text, text)),
  ...SEVERITIES.map((text) => variationOf(ALERT, '/v2/enqueue', ['payload', 'severity'], text, text)),
];

function variationsOf(body: Body, path: string, members: readonly Path[]): Variation[] {
  return members.flatMap((member) => VALUES.map(([name, value]) => variationOf(body, path, member, name, value)));
}

function variationOf(body: Body, path: string, member: Path, name: string, value: unknown): Variation {
  const action = [body.event_action, body.event_type].find((text) => typeof text === 'string') ?? 'change';
  return {
    name: `${path} ${action}: ${member.join('.')} is ${name}`,
    path,
    body: objectWith(body, member, value),
  };
}

function objectWith(body: Body, [name, ...rest]: Path, value: unknown): Body {
  const { [String(name)]: old, ...others } = body;
  if (rest.length === 0) return value === MISSING ? others : { ...body, [String(name)]: value };
  return { ...body, [String(name)]: valueWith(old, rest, value) };
}

function valueWith(old: unknown, path: Path, value: unknown): unknown {
  if (!Array.isArray(old)) return objectWith(typeof old === 'object' && old !== null ? { ...old } : {}, path, value);
  const list: readonly unknown[] = old;
  const [index, ...rest] = path;
  return list.flatMap((entry, at) => {
    if (at !== index) return [entry];
    if (rest.length > 0) return [valueWith(entry, rest, value)];
    return value === MISSING ? [] : [value];
  });
}
