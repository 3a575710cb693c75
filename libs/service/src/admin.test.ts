import { Counter, Gauge, Registry } from 'prom-client';
import { AdminServer } from './admin';

describe('the admin port', () => {
  let ready = true;
  const metrics = new Registry();
  new Counter({ name: 'events_total', help: 'events', registers: [metrics] }).inc(3);
  const server = new AdminServer({
    port: 0,
    metrics,
    readiness: () => ({ ready, checks: { broker: ready ? 'connected' : 'unreachable' } }),
  });
  let base = '';

  beforeAll(async () => {
    base = `http://127.0.0.1:${await server.start()}`;
  });
  afterAll(() => server.stop());

  it('reports that the process is alive', async () => {
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  it('reports whether the process is ready, and if not, why', async () => {
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    ready = false;
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, checks: { broker: 'unreachable' } });
    ready = true;
  });

  it('serves metrics in the Prometheus format', async () => {
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('events_total 3');
  });

  it('refuses other paths and methods', async () => {
    expect((await fetch(`${base}/else`)).status).toBe(404);
    expect((await fetch(`${base}/healthz`, { method: 'POST' })).status).toBe(405);
  });

  it('answers 500 without details while a metric cannot be collected, and keeps running', async () => {
    const broken = new Registry();
    new Gauge({
      name: 'depth',
      help: 'depth',
      registers: [broken],
      collect: () => {
        throw new Error('no depth');
      },
    });
    const failures: unknown[] = [];
    const other = new AdminServer({
      port: 0,
      metrics: broken,
      readiness: () => ({ ready, checks: {} }),
      onError: (error) => failures.push(error),
    });
    const url = `http://127.0.0.1:${await other.start()}`;
    const response = await fetch(`${url}/metrics`);
    expect([response.status, await response.text()]).toEqual([500, 'internal error\n']);
    expect(failures).toEqual([new Error('no depth')]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await other.stop();
  });

  it('shows metrics only to who presents the token, if there is one, and health to everybody', async () => {
    const own = new AdminServer({
      port: 0,
      metrics,
      metricsToken: '0123456789abcdef',
      readiness: () => ({ ready: true, checks: {} }),
    });
    const url = `http://127.0.0.1:${await own.start()}`;
    const statusWith = async (authorization?: string, path = '/metrics') =>
      (await fetch(`${url}${path}`, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await statusWith('Bearer 0123456789abcdef')).toBe(200);
    expect(await statusWith('bearer 0123456789abcdef')).toBe(200);
    for (const wrong of [undefined, '', 'Bearer', 'Bearer 0123456789abcdeF', 'Basic 0123456789abcdef'])
      expect(await statusWith(wrong)).toBe(401);
    const refused = await fetch(`${url}/metrics`);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    expect(await refused.text()).not.toContain('events_total');
    expect([await statusWith(undefined, '/healthz'), await statusWith(undefined, '/readyz')]).toEqual([200, 200]);
    await own.stop();
  });

  it('listens on one address only, if it is given one', async () => {
    const own = new AdminServer({ port: 0, address: '127.0.0.1', metrics, readiness: () => ({ ready, checks: {} }) });
    const port = await own.start();
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    await expect(fetch(`http://127.0.0.2:${port}/healthz`)).rejects.toThrow('fetch failed');
    await own.stop();
  });

  it('refuses to start on a port that is in use', async () => {
    const second = new AdminServer({
      port: Number(new URL(base).port),
      metrics,
      readiness: () => ({ ready, checks: {} }),
    });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
