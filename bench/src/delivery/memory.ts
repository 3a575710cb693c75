import { waitUntil } from '@pdaltagent/testing';
import { z } from 'zod';
import { fill, messageOf, routingKeyOf } from './event';
import { type BenchResult, log, progress, withServers } from './servers';
import { usageOf } from './usage';

const PARTS = 10;
const counted = z.object({ count: z.number(), seconds: z.number() });

export interface MemoryOptions {
  readonly events: number;
  /** Size of one event's body. */
  readonly bytes: number;
  readonly latencyMs: number;
}

/** Memory and throughput of one worker that empties a long queue, for each tenth of it. */
export function measureMemory({ events, bytes, latencyMs }: MemoryOptions): Promise<BenchResult> {
  return withServers(latencyMs, async (bench) => {
    log(`queueing ${events} events of ${bytes} B`);
    const publisher = await bench.publisher();
    const batch = Math.max(10, Math.min(500, Math.floor(20_000_000 / bytes)));
    await fill(publisher, events, (index) => messageOf(`memory-${index}`, routingKeyOf(index), bytes), batch);
    await publisher.close();
    const worker = await bench.startWorker();
    const rows: Record<string, string | number>[] = [];
    let previous = { count: 0, seconds: 0 };
    for (let part = 1; part <= PARTS; part += 1) {
      const target = Math.floor((events * part) / PARTS);
      const now = await waitUntil(
        async () => {
          const state = counted.parse(await bench.destination.ask('count'));
          progress(`${state.count} of ${events}, ${Math.round(usageOf(worker.pid).rssMb)} MB`);
          return state.count >= target && state;
        },
        { what: `${target} deliveries`, timeoutMs: 1_800_000, intervalMs: 200 },
      );
      const { rssMb, peakMb } = usageOf(worker.pid);
      rows.push({
        delivered: now.count,
        'deliveries/s': Math.round((now.count - previous.count) / (now.seconds - previous.seconds)),
        'RSS MB': Math.round(rssMb),
        'peak MB so far': Math.round(peakMb),
      });
      previous = now;
    }
    return { conditions: `${events} events of ${bytes} B, PagerDuty answers in ${latencyMs} ms`, rows };
  });
}
