import { waitUntil } from '@pdaltagent/testing';
import { KEY, postTo, type Reply, type RunningGateway, startGateway } from './gateway.fixture';
import { type Scrub, type ScrubbedParts } from './ports';

/** Bodies that contain "slow" take until they are released; all others are scrubbed at once. */
class ScrubInSteps implements Scrub {
  readonly releases: (() => void)[] = [];

  now(parts: ScrubbedParts): ScrubbedParts | undefined {
    return parts.body.includes('slow') ? undefined : parts;
  }

  async later(parts: ScrubbedParts): Promise<ScrubbedParts> {
    await new Promise<void>((resolve) => this.releases.push(resolve));
    return parts;
  }
}

let scrub: ScrubInSteps;
let gateway: RunningGateway;
beforeEach(async () => {
  scrub = new ScrubInSteps();
  gateway = await startGateway({ scrub });
});
afterEach(() => gateway.stop());

const event = (dedup_key: string, summary: string): string =>
  JSON.stringify({
    routing_key: KEY,
    event_action: 'trigger',
    dedup_key,
    payload: { summary, source: 's', severity: 'info' },
  });
const post = (body: string, route = '/v2/enqueue'): Promise<Reply> => postTo(gateway.url + route, body);
const bodies = (): readonly string[] => gateway.sink.messages.map(({ body }) => body.toString());
const reading = (count: number): Promise<unknown> =>
  waitUntil(() => scrub.releases.length === count, { what: 'the events to be read' });

it('publishes the events of an alert in the order in which they arrived, and others meanwhile', async () => {
  const first = post(event('a', 'slow 1'));
  await reading(1);
  const second = post(event('a', 'slow 2'));
  await reading(2);
  const third = post(event('a', 'three'));
  scrub.releases[1]?.();
  expect((await post(event('b', 'other'))).status).toBe(202);
  // A response on another connection shows that nothing of the alert was published in the meantime.
  expect(bodies()).toEqual([event('b', 'other')]);
  scrub.releases[0]?.();
  expect((await Promise.all([first, second, third])).map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(bodies().slice(1, 3)).toEqual([event('a', 'slow 1'), event('a', 'slow 2')]);
  expect(bodies()[3]).toBe(event('a', 'three'));
});

it('keeps the order of all events of an integration, whose alerts are known only to PagerDuty', async () => {
  const route = `/integration/${KEY}/enqueue`;
  const first = post('slow', route);
  await reading(1);
  const second = post('quick', route);
  expect((await post('quick', `/integration/${KEY.replace('0', 'f')}/enqueue`)).status).toBe(202);
  expect(bodies()).toEqual(['quick']);
  scrub.releases[0]?.();
  await Promise.all([first, second]);
  expect(bodies()).toEqual(['quick', 'slow', 'quick']);
});

it('does not let an event wait forever for one that is refused', async () => {
  const refuse = jest.spyOn(scrub, 'later').mockRejectedValueOnce(new Error('broken'));
  expect((await post(event('a', 'slow'))).status).toBe(500);
  expect((await post(event('a', 'next'))).status).toBe(202);
  expect(refuse).toHaveBeenCalledTimes(1);
});
