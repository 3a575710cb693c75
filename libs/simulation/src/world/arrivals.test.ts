import { Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { judge } from './arrivals';
import { idOf, type SimulatedEvent } from './event';
import { type Limit } from './limits';
import { type EventRequest, Requests } from './requests';

const scheduler = new Scheduler(1, false);
const ONE = new SimulatedProcess(scheduler, 'worker-1');
const OTHER = new SimulatedProcess(scheduler, 'worker-2');

function eventAt(index: number): SimulatedEvent {
  return { routingKey: 'key', alert: 'alert', index, action: 'trigger' };
}

/**
 * Requests of two workers, in a world in which Redis gives that reason for a missing marker, and executed queries before
 * the markers were written, or not.
 */
function newRequests(whyUnmarked?: Limit, hasQueriedBeforeMarker = false) {
  const requests = new Requests({
    whyUnmarked: () => whyUnmarked,
    hasQueriedBeforeMarker: () => hasQueriedBeforeMarker,
  });
  const send = (
    index: number,
    process = ONE,
    ownsLane = () => true,
    attempt = 0,
    hasCopy = false,
    isUncertain = false,
  ): EventRequest =>
    requests.sent({
      id: idOf(eventAt(index), attempt),
      event: eventAt(index),
      process,
      at: 0,
      ownedLane: ownsLane(),
      ownsLane,
      hasCopy,
      isUncertain: () => isUncertain,
    });
  const interrupt = (request: EventRequest, afterMs: number): EventRequest => {
    requests.ended(request, 'interrupted', afterMs);
    return request;
  };
  return Object.assign(send, { interrupt });
}

function delivered(request: EventRequest): EventRequest {
  return Object.assign(request, { fate: 'processed', seen: 'delivered' } as const);
}

/** Of the last arrival. */
function judgementOf(...processed: EventRequest[]) {
  const last = judge(processed).at(-1);
  return {
    repeat: last?.repeat && (last.repeat.limit ?? 'unexplained'),
    late: last?.late && (last.late.limit ?? 'unexplained'),
  };
}

describe('what PagerDuty processed', () => {
  it('needs no limit if each message arrives once, in order', () => {
    const send = newRequests();
    expect(judgementOf(delivered(send(0)), delivered(send(1)))).toEqual({});
  });

  it('has an unexplained repeat if a message is sent again after its delivery', () => {
    const send = newRequests();
    expect(judgementOf(delivered(send(0)), delivered(send(0, OTHER)))).toEqual({ repeat: 'unexplained' });
  });

  it('has an unexplained repeat if a worker sends again what it delivered itself, whatever Redis says', () => {
    const send = newRequests('Redis cannot be read');
    expect(judgementOf(delivered(send(0)), delivered(send(0)))).toEqual({ repeat: 'unexplained' });
  });

  it.each(['connection lost', 'failed'] as const)(
    'may be repeated, but not after later events, if the response was lost: %s',
    (seen) => {
      const send = newRequests();
      const first = Object.assign(send(0), { fate: 'processed', seen } as const);
      const repeat = delivered(send(0));
      expect(judgementOf(first, repeat)).toEqual({ repeat: 'a response is lost' });
      expect(judgementOf(first, repeat, delivered(send(1)), delivered(send(0)))).toEqual({
        repeat: 'unexplained',
        late: 'unexplained',
      });
    },
  );

  it('may be repeated after later events if Redis has no marker, and the broker may have no acknowledgement', () => {
    const send = newRequests('Redis lost the marker in a failover');
    let isOwner = true;
    const [first, next] = [delivered(send(0, ONE, () => isOwner)), delivered(send(1))];
    expect(judgementOf(first, next, delivered(send(0, OTHER)))).toEqual({
      repeat: 'unexplained',
      late: 'unexplained',
    });
    isOwner = false;
    expect(judgementOf(first, next, delivered(send(0, OTHER)))).toEqual({
      repeat: 'Redis lost the marker in a failover',
      late: 'Redis lost the marker in a failover',
    });
  });

  it.each([
    { end: 'kill', repeat: 'Redis did not write the marker' },
    { end: 'exit', repeat: 'unexplained' },
  ] as const)('after the $end of a worker, without its marker: a repeat is $repeat', ({ end, repeat }) => {
    const send = newRequests('Redis did not write the marker');
    const process = new SimulatedProcess(scheduler, `worker of ${end}`);
    const first = delivered(send(0, process, () => false));
    process[end]();
    expect(judgementOf(first, delivered(send(0)))).toEqual({ repeat });
  });

  it('may contain a late arrival of a request that had timed out', () => {
    const send = newRequests();
    const late = Object.assign(send(0), { seen: 'timed out' } as const);
    const [again, next] = [delivered(send(0)), delivered(send(1))];
    expect(judgementOf(again, next, delivered(late))).toEqual({
      repeat: 'a request arrives after its timeout',
      late: 'a request arrives after its timeout',
    });
  });

  it('must not contain the first arrival of a message after a later one, whatever happened', () => {
    const send = newRequests('Redis cannot be read');
    const late = Object.assign(send(0), { seen: 'timed out' } as const);
    expect(judgementOf(delivered(send(1)), delivered(late))).toEqual({ late: 'unexplained' });
  });

  it('may contain the messages of an event that its sender sent again in any order, until the next event', () => {
    const send = newRequests();
    const [refused, accepted, next] = [send(0), send(0, ONE, () => true, 1), send(1)].map(delivered);
    if (refused === undefined || accepted === undefined || next === undefined) throw new Error('no requests');
    expect(judgementOf(accepted, refused)).toEqual({});
    expect(judgementOf(accepted, next, refused)).toEqual({ late: 'unexplained' });
  });
});

describe('a request that starts during another one of its alert', () => {
  it('is permitted once the broker has given the lane to another worker', () => {
    const send = newRequests();
    let isOwner = true;
    const first = send(0, ONE, () => isOwner);
    expect(send(0, OTHER).earlier.get(first)).toBeUndefined();
    isOwner = false;
    expect(send(0, OTHER).earlier.get(first)).toBe('a worker loses its lane during a request');
  });

  it('is permitted then even if the response of the first comes before it is sent, and after the markers were queried', () => {
    let isOwner = true;
    const ownsLane = () => isOwner;
    const send = newRequests(undefined, true);
    const first = delivered(send(0, ONE, ownsLane));
    expect(judgementOf(first, delivered(send(0, OTHER)))).toEqual({ repeat: 'unexplained' });
    isOwner = false;
    expect(judgementOf(first, delivered(send(0, OTHER)))).toEqual({
      repeat: 'a worker loses its lane during a request',
    });
    const late = newRequests();
    isOwner = true;
    const marked = delivered(late(0, ONE, ownsLane));
    isOwner = false;
    expect(judgementOf(marked, delivered(late(0, OTHER)))).toEqual({ repeat: 'unexplained' });
  });

  it('is permitted without a marker if the broker had the message twice for longer than a move: another worker gets the other copy', () => {
    const send = newRequests('Redis did not write the marker');
    const once = delivered(send(0));
    expect(judgementOf(once, delivered(send(0, OTHER)))).toEqual({ repeat: 'unexplained' });
    const moved = delivered(send(1, ONE, () => true, 0, true));
    expect(judgementOf(moved, delivered(send(1, OTHER)))).toEqual({ repeat: 'unexplained' });
    const twice = delivered(send(2, ONE, () => true, 0, true, true));
    expect(judgementOf(twice, delivered(send(2, OTHER)))).toEqual({ repeat: 'Redis did not write the marker' });
  });

  it('is not permitted if the first was sent by a worker that had already lost its lanes', () => {
    const send = newRequests();
    const first = send(0, ONE, () => false);
    const second = send(1, OTHER);
    expect(second.overlapped).toEqual([first]);
    expect(second.earlier.get(first)).toBeUndefined();
  });

  it('is permitted if the process of the first was killed, not if it was stopped', () => {
    const send = newRequests();
    const [killed, stopped] = ['worker-3', 'worker-4'].map((name) => new SimulatedProcess(scheduler, name));
    const [first, second] = [send(0, killed), send(1, stopped)];
    killed?.kill();
    stopped?.exit();
    expect(send(0).earlier.get(first)).toBe('a worker is killed during a request');
    expect(send(1).earlier.get(second)).toBeUndefined();
  });

  it('is not permitted if the killed worker had no lane when it sent the first', () => {
    const send = newRequests();
    const process = new SimulatedProcess(scheduler, 'worker-5');
    const first = send(0, process, () => false);
    process.kill();
    expect(send(0).earlier.get(first)).toBeUndefined();
  });

  it('is permitted if the first hung for two seconds, was interrupted, and PagerDuty has not answered it yet', () => {
    const send = newRequests();
    const first = send.interrupt(send(0), 2_000);
    expect(send(1).earlier.get(first)).toBe('an interrupted request arrives');
    first.fate = 'not processed';
    expect(send(2).earlier.has(first)).toBe(false);
  });

  it('is not permitted if the first was interrupted sooner', () => {
    const send = newRequests();
    const first = send.interrupt(send(0), 1_999);
    expect(send(1).earlier.get(first)).toBeUndefined();
  });

  it('is permitted if the first was interrupted because its worker had lost the lane, even if that gets it again', () => {
    const send = newRequests();
    let isOwner = true;
    const first = send(0, ONE, () => isOwner);
    isOwner = false;
    send.interrupt(first, 1);
    expect(send(0).earlier.get(first)).toBe('a worker loses its lane during a request');
  });

  it('is not permitted if the lane was lost only after the first was interrupted', () => {
    const send = newRequests();
    let isOwner = true;
    const first = send.interrupt(
      send(0, ONE, () => isOwner),
      1,
    );
    isOwner = false;
    expect(send(0, OTHER).earlier.get(first)).toBeUndefined();
  });
});
