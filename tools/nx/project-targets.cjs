// Nx plugin: gives every package the targets that all packages share. What a target runs and when its result may come from the
// cache is in nx.json ("targetDefaults"), once for all of them. The target "build" is the script of that name in package.json.
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
