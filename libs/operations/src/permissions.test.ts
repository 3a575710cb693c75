import { EVENTS, exchangesOf, JOURNAL, queuesOf, WEBHOOKS } from '@pdaltagent/messaging';
import { PERMISSIONS, type Role } from './permissions';

const OBJECTS = [
  ...new Set(
    [EVENTS, WEBHOOKS].flatMap((laneGroup) => [
      ...exchangesOf(laneGroup).map(([name]) => name),
      ...queuesOf(laneGroup, 'quorum').map(({ queue }) => queue),
      `${laneGroup.deadLetters}.in-use`,
    ]),
  ),
  JOURNAL,
  'amq.default',
  'amq.gen-abc',
  'of.another.system',
];

/** Lanes with their sidings and tables as one name. */
function allowed(role: Role, permission: 'configure' | 'write' | 'read'): string[] {
  const pattern = new RegExp(PERMISSIONS[role][permission]);
  const names = OBJECTS.filter((name) => pattern.test(name)).map((name) => name.replace(/\.lane\..*/, '.lane.*'));
  return [...new Set(names)].sort();
}

const worker = (group: 'events' | 'webhooks') => ({
  configure: ['amq.gen-abc', `pdaltagent.${group}.dead-letters.in-use`],
  write: [
    'amq.gen-abc',
    `pdaltagent.${group}`,
    `pdaltagent.${group}.dead`,
    `pdaltagent.${group}.parking`,
    'pdaltagent.journal',
    'pdaltagent.replies',
    'pdaltagent.status',
  ].sort(),
  read: [
    'amq.gen-abc',
    `pdaltagent.${group}.dead-letters`,
    `pdaltagent.${group}.lane.*`,
    'pdaltagent.pulse',
    'pdaltagent.status',
  ].sort(),
});

it.each<[Role, Record<'configure' | 'write' | 'read', string[]>]>([
  ['ingest-gateway', { configure: [], write: ['pdaltagent.events', 'pdaltagent.journal'], read: [] }],
  [
    'log-poller',
    {
      configure: [],
      write: ['pdaltagent.journal', 'pdaltagent.webhooks', 'pdaltagent.webhooks.dead'],
      read: [],
    },
  ],
  ['delivery-worker', worker('events')],
  ['webhook-sender', worker('webhooks')],
  [
    'operator',
    {
      configure: ['amq.gen-abc', 'pdaltagent.events.dead-letters.in-use', 'pdaltagent.webhooks.dead-letters.in-use'],
      write: ['amq.gen-abc', 'pdaltagent.events', 'pdaltagent.journal', 'pdaltagent.status', 'pdaltagent.webhooks'],
      read: [
        'amq.gen-abc',
        'pdaltagent.events.dead-letters',
        'pdaltagent.journal',
        'pdaltagent.pulse',
        'pdaltagent.replies',
        'pdaltagent.status',
        'pdaltagent.webhooks.dead-letters',
      ],
    },
  ],
])('%s may use what it needs, and nothing else', (role, expected) => {
  for (const permission of ['configure', 'write', 'read'] as const)
    expect([permission, allowed(role, permission)]).toEqual([permission, expected[permission]]);
});
