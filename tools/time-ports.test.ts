import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');
const ESLINT = path.join(ROOT, 'node_modules/eslint/bin/eslint.js');

/** Each line uses time, timers or randomness without libs/clock. */
const VIOLATIONS = [
  `import { setTimeout as delay } from 'node:timers/promises';`,
  `import { setInterval as repeat } from 'node:timers';`,
  `import { performance as timer } from 'node:perf_hooks';`,
  `import { createHash, randomUUID } from 'node:crypto';`,
  `import * as all from 'node:crypto';`,
  `import { v7 } from 'uuid';`,
  `Date.now();`,
  `new Date();`,
  `Date();`,
  `performance.now();`,
  `process.hrtime.bigint();`,
  `process.uptime();`,
  `setTimeout(() => undefined, 1);`,
  `setInterval(() => undefined, 1);`,
  `setImmediate(() => undefined);`,
  `globalThis.setTimeout(() => undefined, 1);`,
  `AbortSignal.timeout(1);`,
  `Math.random();`,
  `crypto.randomUUID();`,
];
const ALLOWED = [
  `import { createHash } from 'node:crypto';`,
  `import { v5 } from 'uuid';`,
  `import { delay, SYSTEM_CLOCK } from '@pdaltagent/clock';`,
  `new Date(0).toISOString();`,
  `server.setTimeout(1);`,
  `Math.max(1, 2);`,
];

/** The lines that are rejected in a file with this name. */
function refusedIn(file: string, lines: readonly string[]): readonly string[] {
  const { stdout } = spawnSync(
    process.execPath,
    [ESLINT, '--config', 'eslint.boundaries.mjs', '--format', 'json', '--stdin', '--stdin-filename', file],
    { cwd: ROOT, input: lines.join('\n'), encoding: 'utf8' },
  );
  const [result] = JSON.parse(stdout) as readonly { readonly messages: readonly { readonly line: number }[] }[];
  return [...new Set(result?.messages.map(({ line }) => lines[line - 1] ?? ''))];
}

describe.each(['libs/delivery/src/any.ts', 'libs/store/src/any.ts', 'libs/forwarding/src/any.ts'])(
  'time and randomness come from libs/clock only: %s',
  (file) => {
    it('rejects every other source, and nothing else', () => {
      expect(refusedIn(file, [...VIOLATIONS, ...ALLOWED])).toEqual(VIOLATIONS);
    });
  },
);

it.each(['libs/clock/src/any.ts', 'libs/delivery/src/any.test.ts'])(
  'time and randomness are unrestricted in %s',
  (file) => {
    expect(refusedIn(file, VIOLATIONS)).toEqual([]);
  },
);
