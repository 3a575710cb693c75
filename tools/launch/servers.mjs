// The servers of the integration tests; the demo finds or installs them.
import path from 'node:path';
import { runChild } from './child.mjs';
import { installEnvironment } from './environment.mjs';

/** @throws {Error} if there are none and they cannot be installed; the reason was printed */
export async function prepareServers(root, yes) {
  const args = [path.join(root, 'dist', 'apps', 'demo', 'main.js'), '--prepare', ...(yes ? ['--yes'] : [])];
  const { code } = await runChild(process.execPath, args, {
    env: installEnvironment(),
    show: true,
    ask: true,
    cwd: root,
  });
  if (code !== 0) throw new Error('the integration tests need a RabbitMQ and a Redis of their own');
}
