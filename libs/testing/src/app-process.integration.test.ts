import { type AppProcess, type LogLine, startApp } from './app-process';
import { commandLineOf } from './command-line';
import { openRunFolder, type RunFolder } from './run-folder';

describe('a built app as a process', () => {
  let folder: RunFolder;
  let app: AppProcess | undefined;
  beforeEach(() => (folder = openRunFolder('app-process')));
  afterEach(async () => {
    await app?.kill();
    folder.remove();
  });

  const startSimulator = (): Promise<AppProcess> =>
    startApp('pagerduty-simulator', { folder: folder.path, env: { SIMULATOR_PORT: '0' } });

  it('responds on the logged address, and has exited after a stop', async () => {
    app = await startSimulator();
    expect((await fetch(`${app.url}/_control/health`)).status).toBe(200);
    expect(await app.stop()).toEqual({ code: 0, signal: null });
    expect(commandLineOf(app.pid)).toBeUndefined();
  });

  it('can be killed and restarted', async () => {
    app = await startSimulator();
    const { pid } = app;
    expect(await app.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await app.restart();
    expect(app.pid).not.toBe(pid);
    expect((await fetch(`${app.url}/_control/health`)).status).toBe(200);
  });

  it('reports why it did not start', async () => {
    const starting = startApp('ingest-gateway', { folder: folder.path, env: { PDAGENTD_HTTP_PORT: 'abc' } });
    await expect(starting).rejects.toThrow(/ingest-gateway exited \(code 78\)[^]*PDAGENTD_HTTP_PORT/);
  });

  it('is alive but not ready without its servers', async () => {
    const lines: LogLine[] = [];
    app = await startApp('delivery-worker', {
      folder: folder.path,
      env: { PDAGENTD_AMQP_URL: 'amqp://127.0.0.1:1', PDAGENTD_REDIS_URL: 'redis://127.0.0.1:1' },
      until: 'alive',
      onLine: (line) => lines.push(line),
    });
    await app.logged('that the broker is unreachable', ({ message }) => message.startsWith('broker unreachable'));
    expect((await fetch(`${app.url}/readyz`)).status).toBe(503);
    expect(lines.length).toBeGreaterThan(0);
  });
});
