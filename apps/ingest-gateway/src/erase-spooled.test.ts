import { SpoolError } from '@pdaltagent/spool';
import { eraseSpooled } from './erase-spooled';

const REQUEST = { criterion: { kind: 'text', value: 'ann@example.com' }, dryRun: false } as const;

it('reports what was erased before the spool failed, together with each failure', async () => {
  const failures = [
    { step: 'search', error: new SpoolError('failing') },
    { step: 'purge', error: new SpoolError('closed') },
  ] as const;
  const publisher = { eraseSpooled: () => Promise.resolve({ found: 3, erased: 2, failures }) };
  expect(await eraseSpooled(publisher, REQUEST)).toEqual({
    found: 3,
    erased: 2,
    problems: [
      'the spool was not searched to the end, erase again: the spool is failing',
      'erased events may still be in the files of the spool, erase again, which rewrites them: the spool is closed',
    ],
  });
});
