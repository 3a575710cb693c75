import { SimulatedProcess } from '../simulated-process';
import { idOf } from './event';
import { Gateway } from './gateway';
import { judgeOutcome } from './oracle';
import { simulate } from './simulate';
import { SimulatedPagerDuty } from './simulated-pagerduty';
import { World } from './world';

afterEach(() => jest.restoreAllMocks());

/** Of a world without faults. */
async function problems(): Promise<readonly string[]> {
  return (await simulate(1, { faults: [] })).problems.map(({ check, detail }) => `${check}: ${detail}`);
}

describe('the checks of a simulated world', () => {
  it('name an event that was answered with 202 and is nowhere', async () => {
    jest.spyOn(Gateway.prototype, 'accept').mockImplementationOnce(() => Promise.resolve());
    expect(await problems()).toEqual([
      expect.stringMatching(/^everything is drained in time after the faults end: 1 nowhere: (alert-\d\.\d\/0\/0)$/),
      expect.stringMatching(/^every message that was answered with 202 .*: alert-\d\.\d\/0\/0 is lost$/),
    ]);
  });

  it('name the events that are not delivered, and where they are', async () => {
    jest.spyOn(SimulatedPagerDuty.prototype, 'post').mockImplementation(() => new Promise(() => undefined));
    const [problem] = await problems();
    expect(problem).toMatch(/^everything is drained .*\d+ held by a worker, from pdaltagent\.events\.lane\.00: alert-/);
    expect(problem).toMatch(/\d+ in pdaltagent\.events\.lane\.00: alert-\d\.\d\/\d+\/0, .*, …/);
  });

  it('name a message that was answered with 202, even if its event arrived with one that was not', async () => {
    const world = new World(1, false);
    const event = { routingKey: 'key-0', alert: 'alert-0.0', index: 0, action: 'trigger' } as const;
    await world.scheduler.runFor(1_000);
    const process = new SimulatedProcess(world.scheduler, 'worker');
    const request = world.pagerDuty.requests.sent({ id: idOf(event, 0), event, process, at: 0, ownsLane: () => true });
    world.pagerDuty.processed.push({ at: 0, request });
    world.senders.accepted.push({ id: idOf(event, 1), event, at: 1 });
    expect(judgeOutcome({ world, faults: [], drainedAt: 1, mostHeld: 0 }).problems).toEqual([
      expect.objectContaining({ detail: 'alert-0.0/0/1 is lost' }),
    ]);
  });
});
