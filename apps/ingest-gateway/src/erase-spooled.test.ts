import { writeRecord } from '@pdaltagent/messaging';
import { SpoolError } from '@pdaltagent/spool';
import { eraseSpooled } from './erase-spooled';

const REQUEST = { criterion: { kind: 'text', value: 'ann@example.com' }, dryRun: false } as const;

it('reports what was erased before the spool failed, together with each failure', async () => {
  const failures = [
    { step: 'search', error: new SpoolError('failing') },
    { step: 'purge', error: new SpoolError('closed') },
  ] as const;
  const publisher = { eraseSpooled: () => Promise.resolve({ found: 3, erased: 2, failures }) };
  expect(await eraseSpooled(publisher, REQUEST, () => undefined)).toEqual({
    found: 3,
    erased: 2,
    problems: [
      'the spool was not searched to the end, erase again: the spool is failing',
      'erased events may still be in the files of the spool, erase again, which rewrites them: the spool is closed',
    ],
  });
});

it.each([
  ['ann@bastion', 'ann@bastion'],
  [undefined, 'an operator of this host'],
])('reports each erased event with who erased it: %s', async (by, shown) => {
  const record = writeRecord({
    id: 'e1',
    type: 'v2',
    routingKey: 'R0123456789ABCDEFGHIJKLMNOPQd1a6',
    orderKey: 'R0123456789ABCDEFGHIJKLMNOPQd1a6:ann',
    body: Buffer.from('{}'),
    contentType: 'application/json',
    receivedAt: 1_800_000_000_000,
  });
  const publisher: Parameters<typeof eraseSpooled>[0] = {
    eraseSpooled: (_matches, _isDryRun, onErased = () => undefined) => {
      onErased(record);
      onErased(Buffer.from('damaged'));
      return Promise.resolve({ found: 2, erased: 2, failures: [] });
    },
  };
  const erased: string[] = [];
  await eraseSpooled(publisher, { ...REQUEST, by }, (id, who) => erased.push(`${id} by ${who}`));
  expect(erased).toEqual([`e1 by ${shown}`]);
});
