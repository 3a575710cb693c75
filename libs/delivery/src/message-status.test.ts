import { DELIVERED, FAILED, Harness } from './dispatcher.fixture';

describe('the status of a held message', () => {
  it('is that its destination is unavailable while another message of its failing key is being tried', () => {
    const harness = new Harness();
    for (let index = 0; index < 20; index += 1) harness.add('failing', String(index));
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    harness.settle(harness.add('good', 'a'), DELIVERED);
    harness.clock.advance(60_000);
    const tried = [...harness.attempting].filter(({ routingKey }) => routingKey === 'failing');
    expect(tried).toHaveLength(1);
    const waiting = harness.add('failing', 'new');
    expect(harness.attempting.has(waiting)).toBe(false);
    expect(harness.dispatcher.statusOf(waiting)).toMatchObject({ blockedBy: 'unavailable' });
  });

  it('is that it waits for a slot if its destination fails, but only for other keys', () => {
    const harness = new Harness({ concurrency: 16 });
    for (let index = 0; index < 10; index += 1) harness.add('failing', String(index));
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.dispatcher.openCircuits).toBe(1);
    for (let index = 0; index < 40; index += 1) harness.add('good', String(index));
    const waiting = harness.add('good', 'last');
    expect(harness.attempting.has(waiting)).toBe(false);
    expect(harness.dispatcher.statusOf(waiting)).toMatchObject({ blockedBy: 'queued' });
  });

  it('is that its destination is unavailable while all keys wait for a probe', () => {
    const harness = new Harness();
    for (let index = 0; index < 20; index += 1) harness.add(`key-${index}`, 'a');
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.dispatcher.statusOf(harness.add('new', 'a'))).toMatchObject({ blockedBy: 'unavailable' });
  });
});
