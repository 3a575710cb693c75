import { Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { SimulatedRedis } from './simulated-redis';

function newWorld() {
  const scheduler = new Scheduler(1, false);
  const redis = new SimulatedRedis(scheduler);
  const processes = ['worker-1', 'worker-2'].map((name) => new SimulatedProcess(scheduler, name));
  const [writer, reader] = processes.map((process) => ({ process, markers: redis.markersOf(process) }));
  if (writer === undefined || reader === undefined) throw new Error('two workers');
  return { scheduler, redis, writer, reader };
}

describe('the reason why a worker does not find a marker', () => {
  it('is none if it was written and can be read', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    await scheduler.run(writer.markers.mark('a'));
    expect(await scheduler.run(reader.markers.has(['a', 'b']))).toEqual(new Set(['a']));
    expect(redis.whyUnmarked(reader.process, 'a')).toBeUndefined();
    expect(redis.whyUnmarked(reader.process, 'b')).toBeUndefined();
  });

  it('is none if the worker has not asked', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    redis.mode = 'read-only';
    await expect(scheduler.run(writer.markers.mark('a'))).rejects.toThrow('READONLY');
    expect(redis.whyUnmarked(reader.process, 'a')).toBeUndefined();
  });

  it('is that it was not written', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    redis.mode = 'read-only';
    await expect(scheduler.run(writer.markers.mark('a'))).rejects.toThrow('READONLY');
    await scheduler.run(reader.markers.has(['a']));
    expect(redis.whyUnmarked(reader.process, 'a')).toBe('Redis did not write the marker');
  });

  it('is that it was lost in a failover, if it was written just before', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    await scheduler.run(writer.markers.mark('old'));
    await scheduler.runFor(1_000);
    await scheduler.run(writer.markers.mark('new'));
    redis.failOver();
    expect(await scheduler.run(reader.markers.has(['old', 'new']))).toEqual(new Set(['old']));
    expect(redis.whyUnmarked(reader.process, 'new')).toBe('Redis lost the marker in a failover');
  });

  it('is that Redis cannot be read, for five seconds after an error', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    await scheduler.run(writer.markers.mark('a'));
    redis.mode = 'lost';
    await expect(scheduler.run(reader.markers.has(['a']))).rejects.toThrow('unreachable');
    redis.mode = 'works';
    expect(redis.whyUnmarked(reader.process, 'a')).toBe('Redis cannot be read');
    await scheduler.runFor(5_000);
    expect(redis.whyUnmarked(reader.process, 'a')).toBeUndefined();
  });

  it('is none for what a killed worker had already sent to Redis', async () => {
    const { scheduler, writer, reader } = newWorld();
    void writer.markers.mark('a');
    writer.process.kill();
    await scheduler.runFor(1);
    expect(await scheduler.run(reader.markers.has(['a']))).toEqual(new Set(['a']));
  });
});

describe('a worker whose query and the marker of another one cross', () => {
  it('cannot know of the delivery if its query came first', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    const reply = reader.markers.has(['a']);
    await scheduler.runFor(0.2);
    const written = writer.markers.mark('a');
    expect(await scheduler.run(reply)).toEqual(new Set());
    for (const isWritten of [false, true]) {
      if (isWritten) await scheduler.run(written);
      expect(redis.whyUnmarked(reader.process, 'a')).toBeUndefined();
      expect(redis.hasQueriedBeforeMarker(reader.process, 'a', 0)).toBe(true);
    }
  });

  it('must know of it if the marker came first, or if it asked before the request and not again', async () => {
    const { scheduler, redis, writer, reader } = newWorld();
    await scheduler.run(reader.markers.has(['a']));
    const { now } = scheduler;
    await scheduler.run(writer.markers.mark('a'));
    expect(redis.hasQueriedBeforeMarker(reader.process, 'a', now)).toBe(false);
    await scheduler.run(reader.markers.has(['a']));
    expect(redis.hasQueriedBeforeMarker(reader.process, 'a', 0)).toBe(false);
  });

  it('cannot excuse itself so if nothing marks the message', async () => {
    const { scheduler, redis, reader } = newWorld();
    await scheduler.run(reader.markers.has(['a']));
    expect(redis.hasQueriedBeforeMarker(reader.process, 'a', 0)).toBe(false);
  });
});
