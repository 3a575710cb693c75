// Time, timers and randomness come from libs/clock, so that tests and simulations control them, and so that code has to choose
// between monotonic time, for intervals, and wall time, for people and other hosts.
const FROM_CLOCK = 'Time and randomness come through the ports of @pdaltagent/clock.';

const GLOBALS = ['setTimeout', 'setInterval', 'setImmediate', 'performance'];
const PROPERTIES = [
  ['Date', 'now'],
  ['Math', 'random'],
  ['process', 'hrtime'],
  ['process', 'uptime'],
  ['AbortSignal', 'timeout'],
  ['crypto', 'getRandomValues'],
  ['crypto', 'randomUUID'],
  ['crypto', 'randomBytes'],
  ['crypto', 'randomInt'],
];
const NEW_DATES = ['NewExpression', 'CallExpression'].map((kind) => `${kind}[callee.name='Date'][arguments.length=0]`);

/** Modules or exports that may not be imported. */
export const timeImports = [
  { name: 'node:timers' },
  { name: 'timers' },
  { name: 'node:timers/promises' },
  { name: 'timers/promises' },
  { name: 'node:perf_hooks' },
  { name: 'perf_hooks' },
  ...['node:crypto', 'crypto'].map((name) => ({
    name,
    importNames: [
      'default',
      'getRandomValues',
      'randomBytes',
      'randomFill',
      'randomFillSync',
      'randomInt',
      'randomUUID',
      'webcrypto',
    ],
  })),
  { name: 'uuid', importNames: ['v1', 'v4', 'v6', 'v7'] },
].map((restriction) => ({ ...restriction, message: FROM_CLOCK }));

export const timeRules = {
  'no-restricted-globals': [
    'error',
    { checkGlobalObject: true, globals: GLOBALS.map((name) => ({ name, message: FROM_CLOCK })) },
  ],
  'no-restricted-properties': [
    'error',
    ...PROPERTIES.map(([object, property]) => ({ object, property, message: FROM_CLOCK })),
  ],
  'no-restricted-syntax': ['error', ...NEW_DATES.map((selector) => ({ selector, message: FROM_CLOCK }))],
};
