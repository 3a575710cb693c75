import { waitUntil } from '@pdaltagent/testing';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { GatewayRig, LaneDrain } from './gateway.fixture';

const KEY = '01234567890123456789012345678901';
const CONCURRENCY = 8;

describe('a gateway whose disk is full while the broker is unreachable', () => {
  let rig: GatewayRig;
  let arrivals: LaneDrain;
  let folder: string;
  let isMounted: boolean;
  const arrived = new Set<string>();

  beforeAll(async () => {
    folder = mkdtempSync(`${tmpdir()}/gateway-full-disk-`);
    isMounted = mount(folder);
    rig = await GatewayRig.start('e2e-gateway-full-disk', {
      env: {
        PDAGENTD_STATE_DIR: folder,
        // If this user may not mount a small disk, a quota is used instead.
        ...(isMounted ? {} : { PDAGENTD_SPOOL_MAX_BYTES: String(8 * 1024 * 1024) }),
      },
    });
    arrivals = await LaneDrain.start(rig.amqpUrl, (body) => arrived.add(body.toString()));
  });
  afterAll(async () => {
    await arrivals.stop();
    await rig.stop();
    if (isMounted) execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });

  async function post(body: string) {
    const response = await fetch(`http://127.0.0.1:${rig.port}/v2/enqueue`, { method: 'POST', body });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() };
  }

  /** Several concurrent senders, until one event is refused. */
  async function fill(name: string) {
    const accepted: string[] = [];
    const refused: Awaited<ReturnType<typeof post>>[] = [];
    let sequence = 0;
    const sender = async () => {
      while (refused.length === 0) {
        sequence += 1;
        const body = eventBody(`${name}-${sequence}`);
        const response = await post(body);
        if (response.status === 202) accepted.push(body);
        else refused.push(response);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sender));
    return { accepted, refused };
  }

  it('answers 503 in PagerDuty’s form, keeps what it accepted, and accepts events again once there is space', async () => {
    for (const round of ['first', 'second']) {
      await rig.proxy.inject({ kind: 'down' });
      await rig.waitForMode('spool');
      const { accepted, refused } = await fill(round);
      expect(accepted.length).toBeGreaterThan(20);
      for (const { status, retryAfter, body } of refused) {
        expect([status, retryAfter]).toEqual([503, '5']);
        expect(JSON.parse(body)).toEqual({
          status: 'unavailable',
          message: 'Event could not be accepted.  Please retry later.',
          errors: [
            expect.stringMatching(/^Event could not be stored: the broker does not accept events and the spool /),
          ],
        });
      }
      // A full spool survives a crash too.
      await rig.gateway.kill();
      await rig.gateway.restart();
      await rig.proxy.heal();
      await rig.waitForMode('direct');
      await waitUntil(() => accepted.every((body) => arrived.has(body)), { what: 'every accepted event to arrive' });
      expect((await post(eventBody('after'))).status).toBe(202);
    }
  });
});

/** 100 KB that cannot be compressed. */
function eventBody(key: string): string {
  const noise = Array.from({ length: 12_500 }, () => Math.random().toString(36).slice(2, 10).padEnd(8, '0')).join('');
  return JSON.stringify({
    routing_key: KEY,
    event_action: 'trigger',
    dedup_key: key,
    payload: { summary: 's', source: 's', severity: 'info', custom_details: noise },
  });
}

/** Mounts a 16 MB disk, which only root may do. */
function mount(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
