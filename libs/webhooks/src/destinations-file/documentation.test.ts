import { readFileSync } from 'node:fs';
import path from 'node:path';
import { textOfProblem } from './problem';
import { readDestinations, readSendingDestinations } from './read';

const PAGE = readFileSync(path.join(__dirname, '../../../../docs/operations/webhooks.md'), 'utf8');

it('the file that the documentation shows is valid', () => {
  const text = /```yaml\n(destinations:[^]*?)```/.exec(PAGE)?.[1] ?? '';
  const sources = {
    environment: (name: string) => (name === 'CHAT_URL' ? 'https://chat.internal/hook' : undefined),
    file: () => ({ kind: 'problem', problem: 'not here' }) as const,
  };
  expect(readDestinations(text, sources)).toMatchObject({ destinations: [{ name: 'tickets' }, { name: 'chat' }] });
  const sending = readSendingDestinations(text, sources);
  // The only problems are values and files that do not exist on this machine.
  for (const problem of sending.kind === 'problems' ? sending.problems : [])
    expect(textOfProblem(problem)).toMatch(/is not set|cannot be read/);
});
