import {
  accepted,
  Batches,
  deadLettered,
  delivered,
  event,
  failed,
  GATEWAY,
  idOf,
  TestIndex,
  webhook,
  WORKER,
} from './facts.fixture';
import { type SearchOptions } from './answers';
import { searchMessages } from './search';

const [disk, other, dead, hook] = [
  event(1),
  event(2, { key: '…ffff', digest: 'digest-of-ffff', alert: 'mail/queue' }),
  event(3, { alert: 'host-1/disk' }),
  webhook(4),
];

let index: TestIndex;
beforeEach(() => {
  index = new TestIndex();
  const batches = new Batches();
  batches.add(
    GATEWAY,
    accepted(disk),
    accepted(other, { summary: 'Übermäßig viele E-Mails warten', source: 'mail-7.example' }),
    accepted(dead, { summary: 'The disk of the database is full' }),
    accepted(hook, { summary: 'incident resolved', source: 'pd' }),
  );
  batches.add(WORKER, failed(disk), delivered(disk, 2), delivered(other), deadLettered(dead));
  index.write(batches.all);
});
afterEach(() => index[Symbol.dispose]());

const found = (options: SearchOptions) =>
  searchMessages(index.database, options).items.map(({ id }) => Number(id.slice(-3)));

it.each<[string, SearchOptions, number[]]>([
  ['a word of the summary, in any case', { text: 'DISK' }, [3, 1]],
  ['several words in any order', { text: 'full database' }, [3]],
  ['the beginning of the last word', { text: 'disk dat' }, [3]],
  ['the beginning of a word with a star', { text: 'dat* disk' }, [3]],
  ['no other word by its beginning', { text: 'dat disk' }, []],
  ['words as they follow each other, in quotation marks', { text: '"disk is full"' }, [1]],
  ['letters with and without accents', { text: 'ubermaßig' }, [2]],
  ['a word of the source', { text: 'mail-7' }, [2]],
  ['a word of the dedup key', { text: 'queue' }, [2]],
  ['what would be an operator of the search engine', { text: 'disk AND NOT (full' }, []],
  ['nothing, if there is only punctuation', { text: '?!' }, []],
  ['the exact dedup key', { alert: 'host-1/disk' }, [3, 1]],
  ['the id', { id: idOf(2) }, [2]],
  ['the end of the routing key', { key: 'ffff' }, [2]],
  ['the end of the routing key as it is shown', { key: '…d1a6' }, [3, 1]],
  ['the digest of the routing key', { key: 'digest-of-ffff' }, [2]],
  ['the name of a destination', { key: 'chat' }, [4]],
  ['the exact source', { source: 'host.example' }, [3, 1]],
  ['nothing for a part of a source', { source: 'host' }, []],
  ['the state', { state: 'dead-letter' }, [3]],
  ['the state of most messages', { state: 'delivered' }, [2, 1]],
  ['those that wait', { state: 'waiting' }, [4]],
  ['webhooks', { group: 'webhooks' }, [4]],
  ['events', { group: 'events' }, [3, 2, 1]],
  ['from a time on', { since: event(3).accepted }, [4, 3]],
  ['until a time, which is not included', { until: event(3).accepted }, [2, 1]],
  ['a word in a window of time', { text: 'disk', since: event(2).accepted, until: event(4).accepted }, [3]],
  ['a word and a state', { text: 'disk', state: 'delivered' }, [1]],
  ['a dedup key and a word', { alert: 'host-1/disk', text: 'database' }, [3]],
  ['a key, a group and a state', { key: 'd1a6', group: 'events', state: 'dead-letter' }, [3]],
  ['everything, the latest first', {}, [4, 3, 2, 1]],
])('finds %s', (_, options, expected) => {
  expect(found(options)).toEqual(expected);
});

it('shows what is known of a message', () => {
  expect(searchMessages(index.database, { id: idOf(1) }).items).toEqual([
    {
      id: idOf(1),
      group: 'events',
      type: 'v2',
      action: 'trigger',
      key: '…d1a6',
      digest: 'digest-of-d1a6',
      alert: 'host-1/disk',
      severity: 'critical',
      source: 'host.example',
      summary: 'Disk is full',
      accepted: disk?.accepted,
      changedAt: (disk?.accepted ?? 0) + 120,
      state: 'delivered',
      attempts: 2,
      status: 202,
      outcome: 'delivered',
      isErased: false,
    },
  ]);
});

it.each<[string, SearchOptions]>([
  ['of everything', {}],
  ['of a word', { text: 'is' }],
  ['of a key', { key: '…d1a6' }],
  ['of all keys that end alike', { key: '6' }],
])('goes through the pages %s, and each message is on one of them', (_, options) => {
  const all = found(options);
  const pages: number[] = [];
  let cursor: string | undefined;
  do {
    const page = searchMessages(index.database, { ...options, limit: 1, cursor });
    expect(page.items).toHaveLength(1);
    pages.push(...page.items.map(({ id }) => Number(id.slice(-3))));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(pages).toEqual(all);
});
