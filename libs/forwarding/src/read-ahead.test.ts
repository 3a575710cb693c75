import { ManualClock } from '@pdaltagent/testing';
import { Drain } from './drain';
import { LaneDrains } from './lane-drains';
import { ReadAhead } from './read-ahead';

const LANES = 32;
const ENTRIES = 1_000;
const PAGE = 64;
const BYTES = 700;
/** The budget of all lanes, and one page of each. */
const MAXIMUM = 2_048 + LANES * PAGE;

/** A lane whose spool holds events of as many alerts. */
class DrainedLane {
  sent = 0;
  erased = 0;
  readonly #settling: ((isConfirmed: boolean) => void)[] = [];
  #reads: number[] = [];
  readonly #drain: Drain<{ readonly orderKey: string }>;

  constructor(readAhead: ReadAhead) {
    this.#drain = new Drain(
      {
        send: (_event, onSettled) => {
          this.sent += 1;
          this.#settling.push(onSettled);
          return 'sent';
        },
        erase: () => (this.erased += 1),
        isErased: () => false,
        read: (after) => void this.#reads.push(after),
        remaining: () => ENTRIES - this.erased,
        quarantine: () => undefined,
      },
      new ManualClock(),
      readAhead,
    );
  }

  /** What it has read and not drained. */
  held = 0;

  read(window: number): void {
    this.#drain.pump(window);
    for (const after of this.#reads.splice(0)) {
      const sequences = Array.from({ length: Math.min(PAGE, ENTRIES - after) }, (_, index) => after + index + 1);
      this.held += sequences.length;
      this.#drain.onEntriesRead(
        sequences.map((sequence) => ({ sequence, bytes: BYTES, event: { orderKey: String(sequence) } })),
      );
    }
  }

  confirmAll(): void {
    const settling = this.#settling.splice(0);
    this.held -= settling.length;
    for (const onSettled of settling) onSettled(true);
  }
}

it('limits what the drains of all lanes hold together, and every lane is drained completely', () => {
  const readAhead = new ReadAhead();
  const lanes = Array.from({ length: LANES }, () => new DrainedLane(readAhead));
  let mostHeld = 0;
  for (let round = 0; round < 200; round += 1) {
    for (const lane of lanes) {
      lane.read(128);
      mostHeld = Math.max(
        mostHeld,
        lanes.reduce((sum, { held }) => sum + held, 0),
      );
    }
    // Some lanes are slow.
    lanes.forEach((lane, index) => {
      if (round % (1 + (index % 3)) === 0) lane.confirmAll();
    });
  }
  expect(lanes.map(({ erased }) => erased)).toEqual(lanes.map(() => ENTRIES));
  expect(mostHeld).toBeLessThanOrEqual(MAXIMUM);
});

it('lets every lane go on while others hold all that may be held and do not reply', () => {
  const readAhead = new ReadAhead();
  const stalled = Array.from({ length: LANES - 1 }, () => new DrainedLane(readAhead));
  for (let round = 0; round < 50; round += 1) for (const lane of stalled) lane.read(1);
  const lane = new DrainedLane(readAhead);
  for (let round = 0; round < 100; round += 1) {
    lane.read(128);
    lane.confirmAll();
  }
  expect(lane.erased).toBe(ENTRIES);
});

it('holds nothing of a drain that starts again', () => {
  const readAhead = new ReadAhead();
  readAhead.add(2_047, 0);
  const clock = new ManualClock();
  const ports = {
    send: () => 'ended' as const,
    erase: () => undefined,
    isErased: () => false,
    read: () => undefined,
    remaining: () => 1,
    quarantine: () => undefined,
  };
  const drain = new Drain(ports, clock, readAhead);
  drain.pump(1);
  drain.onEntriesRead([{ sequence: 1, bytes: BYTES, event: { orderKey: 'a' } }]);
  expect(readAhead.isFull).toBe(true);
  drain.restart();
  expect(readAhead.isFull).toBe(false);
});

it('an event that was erased after it was read ahead is not sent, and the next event of its alert is', () => {
  const sent: string[] = [];
  const readAhead = new ReadAhead();
  const ports = {
    send: (event: { readonly orderKey: string; readonly id: string }) => {
      sent.push(event.id);
      return 'sent' as const;
    },
    erase: () => undefined,
    isErased: (sequence: number) => sequence === 1,
    read: () => undefined,
    remaining: () => 2,
    quarantine: () => undefined,
  };
  const drain = new Drain(ports, new ManualClock(), readAhead);
  drain.pump(1);
  drain.onEntriesRead([
    { sequence: 1, bytes: 1, event: { orderKey: 'a', id: 'erased' } },
    { sequence: 2, bytes: 1, event: { orderKey: 'a', id: 'next' } },
  ]);
  drain.pump(1);
  expect(sent).toEqual(['next']);
});

it('an orphaned spool whose events were all erased after they were read ahead gives back what it held', () => {
  const readAhead = new ReadAhead();
  const stored = new Set(Array.from({ length: 2_048 }, (_, index) => index + 1));
  const drained: string[] = [];
  const drains = new LaneDrains<{ readonly orderKey: string }, string>({
    own: 'own',
    drainOf: (source) =>
      new Drain(
        {
          send: () => 'ended',
          erase: () => undefined,
          isErased: (sequence) => !stored.has(sequence),
          read: () => undefined,
          remaining: () => (source === 'own' ? 0 : stored.size),
          quarantine: () => undefined,
        },
        new ManualClock(),
        readAhead,
      ),
    onDrained: (source) => drained.push(source),
  });
  drains.addOrphan('orphan');
  drains.pumpOrphans(1);
  drains.onEntriesRead(
    'orphan',
    [...stored].map((sequence) => ({ sequence, bytes: 1, event: { orderKey: String(sequence) } })),
  );
  expect(readAhead.isFull).toBe(true);
  stored.clear();
  drains.pumpOrphans(1);
  expect(drained).toEqual(['orphan']);
  expect(readAhead.isFull).toBe(false);
});
