import { writeRecord } from '@pdaltagent/messaging';
import { SimulatedProcess } from '../simulated-process';
import { bodyOf, idOf, messageOf } from './event';
import { Gateway } from './gateway';
import { judgeOutcome } from './oracle';
import { Peaks } from './peaks';
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
    expect(problem).toMatch(
      /^everything is drained .*\d+ held by a worker, from pdaltagent\.events\.lane\.00\.siding\.0: .*alert-/,
    );
    expect(problem).toMatch(/\d+ in pdaltagent\.events\.lane\.00\.siding\.0: alert-\d\.\d\/\d+\/0, .*, …/);
  });

  it('name a message that was answered with 202, even if its event arrived with one that was not', async () => {
    const world = new World(1, false);
    const event = { routingKey: 'key-0', alert: 'alert-0.0', index: 0, action: 'trigger' } as const;
    await world.scheduler.runFor(1_000);
    const process = new SimulatedProcess(world.scheduler, 'worker');
    const request = world.pagerDuty.requests.sent({
      id: idOf(event, 0),
      event,
      process,
      at: 0,
      ownedLane: true,
      ownsLane: () => true,
      hasCopy: false,
      isUncertain: () => false,
    });
    world.pagerDuty.processed.push({ at: 0, request, body: bodyOf(event) });
    world.senders.sent.set(idOf(event, 0), event);
    world.senders.accepted.push({ id: idOf(event, 1), event, at: 1 });
    expect(judgeOutcome({ world, faults: [], drainedAt: 1, peaks: new Peaks(world) }).problems).toEqual([
      expect.objectContaining({ detail: 'alert-0.0/0/1 is lost' }),
    ]);
  });

  describe('name what a gateway, a worker or PagerDuty has that nobody sent so', () => {
    const event = { routingKey: 'key-0', alert: 'alert-0.0', index: 0, action: 'trigger' } as const;
    const id = idOf(event, 0);
    const other = { ...event, action: 'resolve' } as const;

    /** @param change of a world in which the event was sent, and nothing happened */
    function problemsAfter(change: (world: World, peaks: Peaks) => void): readonly string[] {
      const world = new World(1, false);
      const peaks = new Peaks(world);
      world.senders.sent.set(id, event);
      change(world, peaks);
      return judgeOutcome({ world, faults: [], drainedAt: 1, peaks }).problems.map((problem) => problem.detail);
    }

    function process(world: World, body: Buffer): void {
      const worker = new SimulatedProcess(world.scheduler, 'worker');
      const request = world.pagerDuty.requests.sent({
        id,
        event,
        process: worker,
        at: 0,
        ownedLane: true,
        ownsLane: () => true,
        hasCopy: false,
        isUncertain: () => false,
      });
      world.pagerDuty.processed.push({ at: 0, request, body });
    }

    it('a body that was changed', () => {
      expect(problemsAfter((world) => process(world, bodyOf(event)))).toEqual([]);
      expect(problemsAfter((world) => process(world, bodyOf(other)))).toEqual([`${id}: another body`]);
    });

    it('a quarantined event that the broker takes, and a damaged record that the disk did not damage', () => {
      const quarantine = (problem: string) => (world: World) =>
        world.gateways[0]?.volume.quarantined.push({ id, problem, record: writeRecord(messageOf(event, 0, 0)) });
      for (const problem of ['refused', 'unencodable'])
        expect(problemsAfter(quarantine(problem))).toEqual([`${id}: ${problem}`]);
      expect(problemsAfter(quarantine('damaged'))).toEqual([`${id} is not damaged`]);
    });

    it('a channel that the broker closed', async () => {
      const world = new World(1, false);
      const { scheduler, broker } = world;
      const channel = await scheduler.run(broker.connect('a client').createChannel());
      channel.on('error', () => undefined);
      await scheduler.run(channel.checkExchange('missing').catch(() => undefined));
      const { problems } = judgeOutcome({ world, faults: [], drainedAt: 1, peaks: new Peaks(world) });
      expect(problems.map((problem) => problem.detail)).toEqual(["a client #0: 404 (no exchange 'missing')"]);
    });

    it('more in a second than a loop that waits can do', () => {
      expect(problemsAfter((_world, peaks) => (peaks.stepsPerSecond = 15_001))).toEqual([
        '15001 steps in a second, not 15000',
      ]);
      expect(problemsAfter((world) => Array.from({ length: 11 }, () => process(world, bodyOf(event))))).toContain(
        '11 requests for a message in a second, not 10',
      );
    });
  });
});
