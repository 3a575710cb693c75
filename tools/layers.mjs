import { timeImports, timeRules } from './time-ports.mjs';

// The walls of the house, as one table: what each layer may import. ESLint enforces it in every build.
const INPUT_OUTPUT = [
  'amqplib',
  'axios',
  'axios-retry',
  'classic-level',
  'express',
  'hpagent',
  'ioredis',
  'winston',
  'prom-client',
  'selfsigned',
  'node:http',
  'node:https',
  'node:http2',
  'node:net',
  'node:tls',
  'node:dns',
  'node:fs',
  'node:fs/promises',
  'node:child_process',
];
const DOMAIN = ['events', 'webhooks', 'scrubber', 'delivery'];
const LIBS = ['clock', ...DOMAIN, 'messaging', 'http', 'rest-api', 'store', 'spool', 'service', 'testing'];

const all = (names) => names.map((name) => `@pdaltagent/${name}`);
const except = (names) => all(LIBS.filter((name) => !names.includes(name)));

/**
 * files: globs of the layer; forbidden: packages it may not import; why: said by the lint message; ownTime: it need not take time and
 * randomness from libs/clock.
 */
export const layers = [
  {
    files: ['libs/clock/src/**/*.ts'],
    forbidden: [...INPUT_OUTPUT, ...except(['clock'])],
    why: 'The clock is below every other library: it imports none of them and does no input or output.',
    ownTime: true,
  },
  {
    files: DOMAIN.map((name) => `libs/${name}/src/**/*.ts`),
    forbidden: [...INPUT_OUTPUT, ...except(['clock', ...DOMAIN])],
    why: 'A domain library is pure: it imports domain libraries only and does no input or output.',
  },
  {
    files: ['messaging', 'http', 'rest-api', 'store', 'spool', 'service'].map((name) => `libs/${name}/src/**/*.ts`),
    forbidden: except(['clock', ...DOMAIN]),
    why: 'An adapter library imports domain libraries only; what it needs of others is passed in.',
  },
  {
    files: ['apps/pd-send/src/**/*.ts'],
    forbidden: except(['events']),
    why: 'pd-send is one small file: it imports libs/events only.',
    ownTime: true,
  },
  {
    files: ['apps/pagerduty-simulator/src/**/*.ts'],
    forbidden: except(['events', 'webhooks', 'service']),
    why: 'The simulator stands for PagerDuty: it shares the protocol and what every process is made of, nothing of the relay.',
    ownTime: true,
  },
  {
    files: ['apps/{ingest-gateway,delivery-worker,log-poller,webhook-sender,cli}/src/**/*.ts'],
    forbidden: all(['testing']),
    why: 'What ships does not import what tests it.',
  },
];

/** Nobody imports an app: apps talk through RabbitMQ exchanges. */
export const APPS = [
  'ingest-gateway',
  'delivery-worker',
  'log-poller',
  'webhook-sender',
  'console',
  'pd-send',
  'cli',
  'pagerduty-simulator',
  'demo',
];

const boundary = (forbidden, why, restricted = []) => [
  'error',
  {
    paths: [...forbidden.map((name) => ({ name, message: why })), ...restricted],
    patterns: [
      {
        group: APPS.map((name) => `@pdaltagent/${name}`),
        message: 'An app is never imported: talk to it through its exchange.',
      },
      {
        group: ['**/apps/*/**', '**/libs/*/**', '@pdaltagent/*/**'],
        message: 'Import a package by its name; src/index.ts is its only door.',
      },
    ],
  },
];

const TESTS = ['**/*.{test,fixture,testing}.ts'];

/** ESLint flat config entries. Tests of a layer may use libs/testing and what they like of node. */
export const walls = [
  {
    files: ['{apps,libs,e2e,bench}/**/*.ts', '{apps,libs,e2e,bench}/*/src/**/*.ts'],
    rules: { 'no-restricted-imports': boundary([], '') },
  },
  ...layers.map(({ files, forbidden, why, ownTime = false }) => ({
    files,
    ignores: TESTS,
    rules: {
      'no-restricted-imports': boundary(forbidden, why, ownTime ? [] : timeImports),
      ...(ownTime ? {} : timeRules),
    },
  })),
];
