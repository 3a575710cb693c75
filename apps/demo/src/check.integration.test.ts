import {
  cleanEnvironment,
  listeningAddresses,
  LOOPBACK,
  processesOf,
  waitUntil,
  workspaceRoot,
} from '@pdaltagent/testing';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import path from 'node:path';

/** In the environment of the services, by which they are found; the servers have one of their own. */
const MARK = `test-of-the-demo-${process.pid}`;

/** Runs the built demo as npm start does, in an environment that points to production. */
async function start(...args: string[]): Promise<{ code: number | null; output: string }> {
  return launch(...args).ended;
}

function launch(...args: string[]) {
  const child = spawn(process.execPath, [path.join(workspaceRoot(), 'dist', 'apps', 'demo', 'main.js'), ...args], {
    cwd: workspaceRoot(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...cleanEnvironment(),
      PDAGENTD_AMQP_URL: 'amqp://production.invalid',
      PDAGENTD_REDIS_URL: 'redis://production.invalid',
      PDAGENTD_EVENTS_BASE_URL: 'https://production.invalid',
      PDAGENTD_HTTP_PORT: '1',
      PDAGENTD_WEBHOOK_FORMAT: 'v3',
      HTTP_PROXY: 'http://production.invalid',
      MARK,
    },
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((texts) => texts.join(''));
  return { child, ended: Promise.all([closed, output]).then(([code, printed]) => ({ code, output: printed })) };
}

/** Of the broker, its node and port mapper, of Redis, the receiver, the simulator, of four services, one with three. */
const PORTS = 12;

describe('npm start -- --check', () => {
  it('verifies 200 events and their webhooks, and ignores servers named in the environment; all ports are opened on the loopback interface only', async () => {
    const { child, ended } = launch('--check');
    const folder = path.join('.local', 'run', `check-${child.pid}`);
    const open = await waitUntil(
      () => {
        const found = listeningAddresses([...new Set([...processesOf(MARK), ...processesOf(folder)])]);
        return found.length >= PORTS || child.exitCode !== null ? found : false;
      },
      { what: `${PORTS} open ports`, timeoutMs: 120_000 },
    );
    const { code, output } = await ended;
    expect(open.length).toBeGreaterThanOrEqual(PORTS);
    expect(open.filter((address) => !LOOPBACK.test(address))).toEqual([]);
    expect(output).toMatch(/delivered to PagerDuty \(simulated\) +200 +200 +ok/);
    expect(output).toMatch(/webhooks received +(\d+) +\1 +ok/);
    expect(output).toContain('DEMO: nothing reaches PagerDuty');
    expect(code).toBe(0);
  });

  // The check itself, and what it has started: the simulator, all services.
  it.each([2, 4])('leaves no process if it is interrupted once %d of its processes run', async (running) => {
    const { child, ended } = launch('--check');
    await waitUntil(() => processesOf(MARK).length >= running, {
      what: 'its processes',
      timeoutMs: 120_000,
      intervalMs: 10,
    });
    child.kill('SIGTERM');
    const { code, output } = await ended;
    expect([code, output]).toEqual([1, expect.stringContaining('SIGTERM: the check was interrupted')]);
    const folder = path.join('.local', 'run', `check-${child.pid}`);
    expect([...processesOf(MARK), ...processesOf(folder)]).toEqual([]);
  });

  it('fails and names the events that are lost, repeated or out of order', async () => {
    const { code, output } = await start(...['--check', '--fault', 'swallow', '--fault', 'double', '--fault', 'swap']);
    expect(output).toContain('check-07 #3 (acknowledge) is lost');
    expect(output).toContain('delivered more than once: check-08 #3 (acknowledge)');
    expect(output).toContain('delivered out of order: check-09 #3 (acknowledge)');
    expect(code).toBe(1);
  });
});

describe('npm start', () => {
  it('refuses to go live without the required variables', async () => {
    const { code, output } = await start('--live');
    expect(output).toContain('PDAGENTD_API_TOKEN');
    expect(code).toBe(1);
  });

  it('exits with 2 for an unknown option', async () => {
    const { code, output } = await start('--bogus');
    expect(output).toContain("Unknown option '--bogus'");
    expect(code).toBe(2);
  });
});
