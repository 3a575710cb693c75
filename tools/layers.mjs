import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { timeImports, timeRules } from './time-ports.mjs';

// The table of what each layer may import. A package has the tag of its layer in its package.json (`layer:domain`). ESLint enforces
// the table in every build.

const INPUT_OUTPUT = [
  'amqplib',
  'axios',
  'axios-retry',
  'classic-level',
  'express',
  'ioredis',
  'libsql',
  'winston',
  'prom-client',
  'selfsigned',
  'undici',
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

/**
 * imports: the layers whose libraries a package of this layer may import, or individual libraries. pure: no input or output.
 * ownTime: time and randomness need not come from libs/clock. why: the message of the lint error.
 */
const LAYERS = {
  'layer:clock': {
    imports: [],
    pure: true,
    ownTime: true,
    why: 'The clock is below every other library: it imports none of them and does no input or output.',
  },
  'layer:domain': {
    imports: ['layer:clock', 'layer:domain'],
    pure: true,
    why: 'A domain library is pure: it imports domain libraries only and does no input or output.',
  },
  'layer:adapter': {
    imports: ['layer:clock', 'layer:domain'],
    why: 'An adapter library imports domain libraries only; everything else is passed in.',
  },
  'layer:composition': {
    imports: ['layer:clock', 'layer:domain', 'layer:adapter'],
    why: 'A part of an app that a simulation runs too: it composes adapter libraries.',
  },
  'layer:index': {
    imports: ['layer:clock', 'layer:domain', 'layer:adapter', 'journal'],
    why: 'The index is made from the journal alone.',
  },
  'layer:app': {
    imports: ['layer:clock', 'layer:domain', 'layer:adapter', 'layer:composition', 'layer:index'],
    why: 'An app does not import test libraries.',
  },
  'layer:sender': {
    imports: ['events'],
    ownTime: true,
    why: 'pd-send is one small file: it imports libs/events only.',
  },
  'layer:simulator': {
    imports: ['events', 'webhooks', 'service'],
    ownTime: true,
    why: 'The simulator stands in for PagerDuty: it shares the protocol and the service library with the relay, and nothing else.',
  },
  'layer:simulation': {
    imports: ['layer:clock', 'layer:domain', 'layer:adapter', 'layer:composition'],
    why: 'The simulation runs the real libraries, and takes its time and randomness from its seed.',
  },
  // Test libraries, end-to-end tests, benchmarks and the demo, which are not part of the product.
  'layer:test': {
    imports: [
      'layer:clock',
      'layer:domain',
      'layer:adapter',
      'layer:composition',
      'layer:index',
      'layer:simulation',
      'layer:test',
    ],
    ownTime: true,
    why: '',
  },
};

const projects = ['apps', 'libs'].flatMap((top) => foldersOf(top).map((name) => read(top, name)));
const apps = projects.filter(({ top }) => top === 'apps');
const libraries = projects.filter(({ top }) => top === 'libs');

/** Ignores folders without a package.json, which an earlier checkout may have left. */
function foldersOf(top) {
  const folder = new URL(`../${top}/`, import.meta.url);
  return readdirSync(folder).filter((name) => existsSync(new URL(`${name}/package.json`, folder)));
}

function read(top, name) {
  const file = `${top}/${name}/package.json`;
  const manifest = JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
  const tags = (manifest.nx?.tags ?? []).filter((tag) => Object.hasOwn(LAYERS, tag));
  if (tags.length !== 1) throw new Error(`${file}: nx.tags needs exactly one of ${Object.keys(LAYERS).join(', ')}`);
  return { top, name, layer: tags[0] };
}

/** By folder of an app or library: the names of the libraries that it may import. */
export const mayImport = Object.fromEntries(
  projects.map(({ top, name, layer }) => [`${top}/${name}`, importableBy(layer).filter((library) => library !== name)]),
);

function importableBy(layer) {
  const { imports } = LAYERS[layer];
  return libraries.flatMap((library) =>
    imports.includes(library.layer) || imports.includes(library.name) ? [library.name] : [],
  );
}

const restrictImports = (forbidden, why, restricted = []) => [
  'error',
  {
    paths: [...forbidden.map((name) => ({ name, message: why })), ...restricted],
    patterns: [
      {
        group: apps.map(({ name }) => `@pdaltagent/${name}`),
        message: 'An app is never imported: communicate with it through RabbitMQ.',
      },
      {
        group: ['**/apps/*/**', '**/libs/*/**', '@pdaltagent/*/**'],
        message: 'Import a package by its name: src/index.ts is its public API.',
      },
    ],
  },
];

const TESTS = ['**/*.{test,fixture,testing}.ts'];

const boundariesOf = ({ top, name, layer }) => {
  const { pure = false, ownTime = false, why } = LAYERS[layer];
  const allowed = importableBy(layer);
  const others = libraries.filter((library) => !allowed.includes(library.name));
  const forbidden = [...(pure ? INPUT_OUTPUT : []), ...others.map((library) => `@pdaltagent/${library.name}`)];
  return {
    files: [`${top}/${name}/src/**/*.ts`],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': restrictImports(forbidden, why, ownTime ? [] : timeImports),
      ...(ownTime ? {} : timeRules),
    },
  };
};

/** ESLint flat config entries. Tests may import libs/testing and any module of Node. */
export const boundaries = [
  {
    files: ['{apps,libs,e2e,bench}/**/*.ts', '{apps,libs,e2e,bench}/*/src/**/*.ts'],
    rules: { 'no-restricted-imports': restrictImports([], '') },
  },
  ...projects.map(boundariesOf),
];
