// Nx plugin: adds the shared targets to every package. Their commands and caching are in nx.json ("targetDefaults"). The target
// "build" is the script of that name in package.json.
const path = require('node:path');

const SHARED_TARGETS = ['test', 'integration', 'typecheck', 'lint'];

exports.name = 'project-targets';

exports.createNodes = [
  '{apps/*,libs/*,e2e,bench}/package.json',
  (files) =>
    files.map((file) => {
      const targets = Object.fromEntries(SHARED_TARGETS.map((name) => [name, {}]));
      return [file, { projects: { [path.dirname(file)]: { targets } } }];
    }),
];
