import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type RetentionLimits } from './expired';
import { type SweepResult } from './sweep';

/** What is stored, as the last sweep found it. */
export type Stored = Pick<SweepResult, 'left' | 'leftBytes' | 'oldestLeft'>;

export interface RetentionMetrics {
  readonly deleted: (byAge: number, bySize: number) => void;
}

/**
 * The metrics of stored dead letters.
 * @param stored undefined while another worker reports them
 */
export function createRetentionMetrics(
  registry: Registry,
  prefix: string,
  limits: RetentionLimits,
  stored: () => Stored | undefined,
  clock: Clock = SYSTEM_CLOCK,
): RetentionMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name: `${prefix}_dead_letters_${name}`,
      help,
      registers,
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  const deleted = new Counter({
    name: `${prefix}_dead_letters_deleted_total`,
    help: 'Dead letters that were deleted because they were over a limit, by limit.',
    labelNames: ['limit'],
    registers,
  });
  deleted.inc({ limit: 'age' }, 0);
  deleted.inc({ limit: 'size' }, 0);
  gauge('stored', 'Dead letters in the broker, reported by one worker.', () => stored()?.left);
  gauge('stored_bytes', 'Bytes of the dead letters in the broker, reported by one worker.', () => stored()?.leftBytes);
  gauge('oldest_seconds', 'Age of the oldest dead letter, reported by one worker.', () => {
    const found = stored();
    if (found === undefined) return undefined;
    return found.oldestLeft === undefined ? 0 : Math.max(0, clock.wall() - found.oldestLeft) / 1000;
  });
  gauge('limit_seconds', 'Age at which dead letters are deleted.', () =>
    limits.maximumAgeMs === undefined ? undefined : limits.maximumAgeMs / 1000,
  );
  gauge('limit_bytes', 'Bytes of dead letters over which the oldest are deleted.', () => limits.maximumBytes);
  return {
    deleted: (byAge, bySize) => {
      deleted.inc({ limit: 'age' }, byAge);
      deleted.inc({ limit: 'size' }, bySize);
    },
  };
}
