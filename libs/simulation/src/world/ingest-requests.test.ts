import { Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { IngestRequests, type IngestResponse } from './ingest-requests';
import { SimulatedVolume } from './simulated-volume';

const SPOOL_BYTES = 1_000;

function newGateway() {
  const scheduler = new Scheduler(1, false);
  const volume = new SimulatedVolume(scheduler, 'disk');
  const process = new SimulatedProcess(scheduler, 'gateway');
  const requests = new IngestRequests(scheduler, { name: 'gateway', volume, spoolBytes: SPOOL_BYTES });
  const respond = (response: IngestResponse, bytes = 100) => {
    requests.begin({ id: 'a', lane: 0, bytes }, process)(response);
    return requests.all.at(-1);
  };
  return { scheduler, volume, process, requests, respond };
}

describe('a gateway that refuses an event', () => {
  it.each(['full', 'failing', 'closed', 'connection refused', 'connection lost', 'none in time'] as const)(
    'has no excuse if its disk works and it has run for long: %s',
    async (response) => {
      const { scheduler, respond } = newGateway();
      await scheduler.runFor(60_000);
      expect(respond(response)).toMatchObject({ response, excuse: undefined });
    },
  );

  it('has one while its disk is full, and until it may have noticed that it is not', async () => {
    const { scheduler, volume, respond } = newGateway();
    await scheduler.runFor(60_000);
    volume.mode = 'over its quota';
    await scheduler.runFor(10_000);
    expect(respond('failing')?.excuse).toBe('its disk is full or fails');
    volume.mode = 'works';
    await scheduler.runFor(2_500);
    expect(respond('failing')?.excuse).toBe('its disk is full or fails');
    await scheduler.runFor(1);
    expect(respond('failing')?.excuse).toBeUndefined();
  });

  it('has one until it may have noticed that its disk works again, if it was paused meanwhile', async () => {
    const { scheduler, volume, process, respond } = newGateway();
    await scheduler.runFor(60_000);
    volume.mode = 'sync fails';
    await scheduler.runFor(10_000);
    process.pause();
    volume.mode = 'works';
    await scheduler.runFor(10_000);
    process.resume();
    await scheduler.runFor(2_500);
    expect(respond('failing')?.excuse).toBe('its disk is full or fails');
    await scheduler.runFor(1);
    expect(respond('failing')?.excuse).toBeUndefined();
  });

  it('has none if its disk is only slow', () => {
    const { volume, respond } = newGateway();
    volume.mode = 'slow';
    expect(respond('failing')?.excuse).toBeUndefined();
  });

  it('has one if its spool is full, or the lane has three quarters of it', () => {
    const { requests, process, respond } = newGateway();
    expect(respond('full', 750)?.excuse).toBeUndefined();
    expect(respond('full', 751)?.excuse).toBe('its spool is full');
    requests.begin({ id: 'b', lane: 1, bytes: 600 }, process);
    expect(respond('full', 400)?.excuse).toBeUndefined();
    expect(respond('full', 401)?.excuse).toBe('its spool is full');
  });

  it('has one if its spool is full with what may be written to it now, but for an event that never fits into it', () => {
    const { requests, process, respond } = newGateway();
    requests.begin({ id: 'b', lane: 1, bytes: 751 }, process);
    expect(respond('full', 751)?.excuse).toBe('its spool is full');
    expect(respond('full', 400)?.excuse).toBeUndefined();
  });

  it('has one if it gives no response because its process has ended or is paused', () => {
    const { process, respond } = newGateway();
    process.pause();
    expect(respond('none in time')?.excuse).toBe('its process is paused');
    for (const response of ['full', 'failing', 'closed'] as const) expect(respond(response)?.excuse).toBeUndefined();
    process.kill();
    expect(respond('connection lost')?.excuse).toBe('its process has ended');
    for (const response of ['full', 'failing', 'closed'] as const) expect(respond(response)?.excuse).toBeUndefined();
  });
});

it('the time until the response does not include that in which the gateway was paused', async () => {
  const { scheduler, process, requests } = newGateway();
  const end = requests.begin({ id: 'a', lane: 0, bytes: 100 }, process);
  process.pause();
  await scheduler.runFor(10_000);
  process.resume();
  await scheduler.runFor(3);
  end('202');
  end('full');
  expect(requests.all).toEqual([expect.objectContaining({ response: '202', ms: 3 })]);
});
