import { Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { idOf } from './event';
import { type EventRequest, Requests } from './requests';
import { RetryAfters } from './retry-afters';

const scheduler = new Scheduler(1, false);
const [ONE, OTHER] = [new SimulatedProcess(scheduler, 'worker-1'), new SimulatedProcess(scheduler, 'worker-2')];
const requests = new Requests({ whyUnmarked: () => undefined, hasQueriedBeforeMarker: () => false });

function requestAt(at: number, { process = ONE, routingKey = 'key' } = {}): EventRequest {
  const event = { routingKey, alert: 'alert', index: at, action: 'trigger' } as const;
  return requests.sent({
    id: idOf(event, 0),
    event,
    process,
    at,
    ownedLane: true,
    ownsLane: () => true,
    hasCopy: false,
    isUncertain: () => false,
  });
}

describe('a worker that has to wait with a key', () => {
  it('sends nothing of it until the longest wait that PagerDuty asked for has passed', () => {
    const retryAfters = new RetryAfters();
    retryAfters.responded(requestAt(0), 5_000, 1_000);
    retryAfters.responded(requestAt(0), 10_000, 1_001);
    retryAfters.responded(requestAt(0), 1_000, 1_002);
    const [early, inTime] = [requestAt(11_000), requestAt(11_001)];
    for (const request of [early, inTime]) retryAfters.sent(request);
    expect(retryAfters.early).toEqual([early]);
  });

  it('may send what it had decided on when the response came', () => {
    const retryAfters = new RetryAfters();
    retryAfters.responded(requestAt(0), 10_000, 1_000);
    const [decided, early] = [requestAt(3_100), requestAt(3_101)];
    for (const request of [decided, early]) retryAfters.sent(request);
    expect(retryAfters.early).toEqual([early]);
  });

  it('may send events of other keys, and others may send its events', () => {
    const retryAfters = new RetryAfters();
    retryAfters.responded(requestAt(0), 10_000, 1_000);
    retryAfters.sent(requestAt(6_000, { routingKey: 'another' }));
    retryAfters.sent(requestAt(6_000, { process: OTHER }));
    expect(retryAfters.early).toEqual([]);
  });
});
