import { KEY, postTo, startGateway } from './gateway.fixture';
import { type Scrub } from './ports';

/** Every body becomes one byte longer. */
const scrub: Scrub = {
  now: (parts) => ({ ...parts, body: Buffer.concat([parts.body, Buffer.from(' ')]) }),
  later: (parts) => Promise.resolve(parts),
};
const LIMIT = 512 * 1024;

it('answers 413 to a body that is over 512 KB once personal data is replaced: PagerDuty would refuse it', async () => {
  const gateway = await startGateway({ scrub });
  const status = async (bytes: number) =>
    (await postTo(`${gateway.url}/integration/${KEY}/enqueue`, Buffer.alloc(bytes, 'x'))).status;
  expect([await status(LIMIT - 1), await status(LIMIT)]).toEqual([202, 413]);
  expect(gateway.sink.messages.map(({ body }) => body.length)).toEqual([LIMIT]);
  await gateway.stop();
});
