import { Scheduler } from '../scheduler';
import { Wire } from './wire';

describe('a direction of a connection that breaks', () => {
  it('delivers the first frames in transit, and then the end', async () => {
    const scheduler = new Scheduler(1);
    const wire = new Wire(scheduler, 'wire');
    const arrived: string[] = [];
    for (const frame of ['a', 'b', 'c']) wire.send(frame, () => arrived.push(frame));
    wire.cut(2, () => arrived.push('end'));
    wire.send('d', () => arrived.push('d'));
    await scheduler.runFor(10);
    expect(arrived).toEqual(['a', 'b', 'end']);
  });

  it('delivers what is held up later and in order, the end included', async () => {
    const scheduler = new Scheduler(1);
    const wire = new Wire(scheduler, 'wire');
    const arrived: string[] = [];
    wire.send('a', () => arrived.push('a'));
    wire.holdUp(true);
    await scheduler.runFor(10);
    wire.send('b', () => arrived.push('b'));
    wire.cut(2, () => arrived.push('end'));
    await scheduler.runFor(10);
    expect(arrived).toEqual([]);
    wire.holdUp(false);
    expect(arrived).toEqual(['a', 'b', 'end']);
  });

  it('still ends if it breaks a second time before the end has arrived', async () => {
    const scheduler = new Scheduler(1);
    const wire = new Wire(scheduler, 'wire');
    const arrived: string[] = [];
    for (const frame of ['a', 'b']) wire.send(frame, () => arrived.push(frame));
    wire.cut(1, () => arrived.push('end'));
    wire.cut(0, () => arrived.push('second end'));
    await scheduler.runFor(10);
    expect(arrived).toEqual(['a', 'end']);
  });
});
