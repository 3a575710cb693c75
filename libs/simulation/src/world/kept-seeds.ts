import { type Fault } from './faults';

/** A world that is kept: its faults are data, so that what is drawn for its seed later does not change it. */
export interface KeptSeed {
  readonly seed: number;
  readonly faults: readonly Fault[];
}

/** Seeds that once failed and must pass now, with what each of them found. */
export const KEPT_SEEDS: readonly (KeptSeed & { readonly what: string })[] = [
  {
    what: 'a lane that went to another worker waited for a request that hung until its timeout, and with it the other keys of the lane',
    seed: 1_403,
    faults: [
      { kind: 'a worker is killed', at: 13_243, ms: 1_933, target: 0.67 },
      { kind: 'a key hangs', at: 14_743, ms: 3_434, target: 0.36 },
    ],
  },
  {
    what: 'a worker that lost its connection and took the lane again sent at once, although PagerDuty had asked the key to wait: the response came while the event was not held',
    seed: 2_240,
    faults: [
      { kind: 'a queue is slow', at: 4_464, ms: 12_188, target: 0.56 },
      { kind: 'a key hangs', at: 9_040, ms: 12_451, target: 0.02, isAimed: true },
      { kind: 'a key is slow', at: 11_235, ms: 7_427, target: 0.05 },
      { kind: 'lanes are renewed often', at: 13_178, ms: 3_932, target: 0.53 },
      { kind: 'a key is throttled', at: 13_762, ms: 10_960, target: 0.64, isAimed: true },
      { kind: 'the broker is unreachable', at: 13_902, ms: 3_897, target: 0.25, isAimed: true },
      { kind: 'a key is throttled', at: 15_557, ms: 10_897, target: 0.54 },
      { kind: 'a key fails', at: 15_606, ms: 14_394, target: 0.35 },
      { kind: 'a worker is killed', at: 16_724, ms: 4_141, target: 0.84, isAimed: true },
      { kind: 'a queue is slow', at: 17_465, ms: 10_270, target: 0.44 },
      { kind: 'the broker is slow', at: 17_595, ms: 10_140, target: 0.6, isAimed: true },
    ],
  },
  {
    what: 'the oracle judged how long other keys waited just after PagerDuty had failed for all, when each of them may wait for 30 s',
    seed: 2_297,
    faults: [
      { kind: 'a worker is killed', at: 7_061, ms: 7_932, target: 0.6 },
      { kind: 'PagerDuty loses responses', at: 13_838, ms: 7_637, target: 0.36, isAimed: true },
    ],
  },
  {
    what: 'the oracle took it for churn that a worker took its lanes again late, after it could not connect during the fault',
    seed: 2_563,
    faults: [
      { kind: 'a key hangs', at: 8_528, ms: 4_953, target: 0.42, isAimed: true },
      { kind: 'the broker blocks publishing', at: 9_909, ms: 11_698, target: 0.63 },
      { kind: 'a key is throttled', at: 10_001, ms: 10_060, target: 0.22 },
      { kind: 'connections break', at: 10_119, ms: 7_122, target: 0.16 },
      { kind: 'a key fails', at: 10_429, ms: 5_754, target: 0.75 },
      { kind: 'connections break', at: 11_310, ms: 1_536, target: 0.02 },
      { kind: 'the broker is slow', at: 12_632, ms: 1_162, target: 0.89 },
      { kind: 'lanes are renewed often', at: 12_968, ms: 5_531, target: 0.63, isAimed: true },
      { kind: 'the broker is slow', at: 15_246, ms: 9_185, target: 0.97 },
      { kind: 'the broker is unreachable', at: 16_213, ms: 13_787, target: 0.42, isAimed: true },
    ],
  },
  {
    what: 'the oracle did not permit that an event is processed again of which the broker had two copies, because a move was never confirmed, and Redis no marker',
    seed: 202_919,
    faults: [
      { kind: 'the broker is slow', at: 5_061, ms: 11_232, target: 0.63 },
      { kind: 'PagerDuty is unreachable', at: 5_902, ms: 4_204, target: 0.14 },
      { kind: "a key's events are processed late", at: 7_693, ms: 11_756, target: 0.83 },
      { kind: 'connections break', at: 10_989, ms: 7_533, target: 0.19, isAimed: true },
      { kind: 'the backlog raises an alarm', at: 12_124, ms: 6_223, target: 0.44 },
      { kind: 'Redis is read-only', at: 12_568, ms: 7_218, target: 0.65 },
      { kind: 'a node is cut off from the others', at: 12_852, ms: 13_506, target: 0.55 },
      { kind: "a lane's leader changes", at: 13_028, ms: 8_543, target: 0.9 },
      { kind: 'a node is killed', at: 16_172, ms: 3_161, target: 0.14 },
      { kind: "a lane's leader changes", at: 17_558, ms: 1_795, target: 0.89, isAimed: true },
    ],
  },
  {
    what: 'the same, because its gateway had sent it twice',
    seed: 702_022,
    faults: [
      { kind: 'the broker restarts', at: 7_691, ms: 6_144, target: 0.02, isAimed: true },
      { kind: 'a worker is killed', at: 9_793, ms: 3_293, target: 0.92 },
      { kind: 'a worker is paused', at: 11_430, ms: 5_788, target: 0.71, isAimed: true },
      { kind: 'a gateway is paused', at: 13_335, ms: 11_338, target: 0.97 },
      { kind: 'the broker is slow', at: 14_221, ms: 10_928, target: 0.31, isAimed: true },
      { kind: 'a worker is killed', at: 14_752, ms: 5_898, target: 0.34, isAimed: true },
      { kind: 'PagerDuty is slow', at: 14_850, ms: 8_889, target: 0.86 },
      { kind: 'Redis is read-only', at: 14_935, ms: 14_339, target: 0.05, isAimed: true },
      { kind: 'connections break', at: 16_525, ms: 13_475, target: 0.36 },
      { kind: 'the broker restarts', at: 17_218, ms: 2_732, target: 0.99, isAimed: true },
      { kind: 'Redis fails over', at: 19_950, ms: 2_155, target: 0.36, isAimed: true },
      { kind: 'connections break', at: 29_274, ms: 726, target: 0.86, isAimed: true },
    ],
  },
  {
    what: 'a key whose requests are slow made progress, so that it was not parked, and delayed the other keys of its lane',
    seed: 95,
    faults: [{ kind: 'a key is slow', at: 7_028, ms: 14_525, target: 0.12 }],
  },
  {
    what: 'a lane whose window was full of messages to be moved or buried delivered nothing until the end of an alarm that its own backlog had raised',
    seed: 54,
    faults: [
      { kind: 'PagerDuty hangs', at: 4_947, ms: 2_464, target: 0.05 },
      { kind: 'the broker is slow', at: 5_904, ms: 5_852, target: 0.15 },
      { kind: 'the backlog raises an alarm', at: 11_756, ms: 2_834, target: 0.09 },
    ],
  },
  {
    what: 'a worker believed the count of a siding of before, and waited for a message that was not left',
    seed: 225,
    faults: [
      { kind: 'a key hangs', at: 3_000, ms: 3_000, target: 0.83 },
      { kind: 'a key hangs', at: 7_500, ms: 14_000, target: 0.83 },
      { kind: 'the backlog raises an alarm', at: 8_000, ms: 3_000, target: 0.19 },
      { kind: 'lanes are renewed often', at: 8_000, ms: 20_000, target: 0.72 },
    ],
  },
  {
    what: 'what arrived in a siding after its lane was taken again stayed there until the next takeover',
    seed: 400_135,
    faults: [
      { kind: 'two nodes lose each other', at: 5_350, ms: 787, target: 0.86, isAimed: true },
      { kind: 'PagerDuty answers 500', at: 6_898, ms: 12_778, target: 0.76 },
      { kind: 'the broker blocks publishing', at: 8_260, ms: 14_476, target: 0.96 },
      { kind: 'a node is cut off from the others', at: 15_148, ms: 4_564, target: 0.06 },
    ],
  },
  {
    what: 'a worker waited for the confirm of a move that its node had lost while it was cut off, and the lane with it',
    seed: 610_409,
    faults: [
      { kind: 'a key fails', at: 6_261, ms: 10_937, target: 0.07, isAimed: true },
      { kind: "a lane's leader changes", at: 11_362, ms: 6_492, target: 0.32 },
      { kind: 'a node is cut off from the others', at: 12_182, ms: 1_500, target: 0.67, isAimed: true },
      { kind: 'two nodes lose each other', at: 13_125, ms: 6_514, target: 0.24 },
    ],
  },
  {
    what: 'who consumed a lane without a leader lost its connection after 65 s (541), and with it all other lanes',
    seed: 35,
    faults: [{ kind: 'a lane has no leader', at: 4_575, ms: 13_406, target: 0.45 }],
  },
  {
    what: 'a worker that took a lane believed "0 messages" of a siding that did not answer, and later messages overtook those in it',
    seed: 12,
    faults: [
      { kind: 'a key fails', at: 4_000, ms: 7_500, target: 0.1 },
      { kind: 'a key fails', at: 4_000, ms: 7_500, target: 0.9 },
      { kind: 'a siding does not answer', at: 10_000, ms: 12_000, target: 0.3 },
      { kind: 'a worker is killed', at: 10_500, ms: 3_000, target: 0.1 },
    ],
  },
  {
    what: 'a worker whose node was cut off was demoted without notice, and went on with the messages that it held, while its successor sent them too',
    seed: 3,
    faults: [
      { kind: 'PagerDuty is slow', at: 7_000, ms: 9_000, target: 0.11 },
      { kind: 'a node is cut off from the others', at: 8_000, ms: 8_000, target: 0.64 },
    ],
  },
  {
    what: 'a worker that had a lane again learned from what was left of a minute that a key may send 36 events a minute, because another worker had used up the rest; twice more with other faults',
    seed: 252,
    faults: [
      { kind: 'the broker is unreachable', at: 7_047, ms: 12_101, target: 0.62 },
      { kind: 'PagerDuty is slow', at: 18_805, ms: 5_277, target: 0.63 },
    ],
  },
  {
    what: 'the oracle did not permit that a worker whose node was cut off starts a request within four seconds, which PagerDuty processes late',
    seed: 36_354,
    faults: [
      { kind: 'a majority of the nodes is killed', at: 3_737, ms: 288, target: 0.93 },
      { kind: 'PagerDuty answers HTML', at: 4_025, ms: 11_437, target: 0.21, isAimed: true },
      { kind: 'a node is cut off from the others', at: 7_684, ms: 14_128, target: 0.44 },
      { kind: 'PagerDuty processes late', at: 8_226, ms: 634, target: 0.06 },
      { kind: 'a key is slow', at: 9_525, ms: 7_006, target: 0.98 },
      { kind: 'a worker is killed', at: 10_234, ms: 9_961, target: 0.72, isAimed: true },
    ],
  },
  {
    what: 'the oracle took a lane for lost because a siding that did not answer had its former consumer',
    seed: 54_395,
    faults: [
      { kind: 'a siding does not answer', at: 5_724, ms: 11_651, target: 0.37, isAimed: true },
      { kind: 'a node is killed', at: 7_128, ms: 1_109, target: 0.03 },
      { kind: 'PagerDuty hangs', at: 8_840, ms: 7_718, target: 0.12, isAimed: true },
      { kind: 'a worker is stopped', at: 16_992, ms: 1_416, target: 0.64, isAimed: true },
    ],
  },
  {
    what: 'each worker left a lane as soon as it had taken it, because its table was in the queue twice',
    seed: 3_892,
    faults: [
      { kind: 'a key hangs', at: 3_982, ms: 6_184, target: 0.98 },
      { kind: 'two nodes lose each other', at: 16_083, ms: 12_080, target: 0.55, isAimed: true },
      { kind: 'two nodes lose each other', at: 17_824, ms: 12_176, target: 0.56, isAimed: true },
    ],
  },
  {
    what: 'marks of workers that waited for a lane filled the window of its table queue, so that no table came back',
    seed: 4_411,
    faults: [
      { kind: 'a key is throttled', at: 4_743, ms: 7_239, target: 0.42, isAimed: true },
      { kind: 'a queue is slow', at: 7_266, ms: 12_051, target: 0.91, isAimed: true },
      { kind: 'a key fails', at: 11_189, ms: 6_137, target: 0.3, isAimed: true },
      { kind: 'a key hangs', at: 11_870, ms: 13_753, target: 0.63, isAimed: true },
      { kind: 'a node is cut off from the others', at: 19_275, ms: 3_645, target: 0.03 },
      { kind: 'two nodes lose each other', at: 20_489, ms: 5_356, target: 0.61, isAimed: true },
    ],
  },
  {
    what: 'a gateway waited for a minute for confirms that never came after two nodes had been killed at the same time',
    seed: 10_106,
    faults: [
      { kind: 'a node is killed', at: 12_348, ms: 9_283, target: 0.92 },
      { kind: 'a node is killed', at: 13_455, ms: 2_937, target: 0.21 },
    ],
  },
  {
    what: 'a lane of a worker that was killed in an alarm was taken and released by the others every three seconds: the dead one had announced that it consumes the lane',
    seed: 5_701,
    faults: [
      { kind: 'a worker is killed', at: 12_018, ms: 4_501, target: 0.35, isAimed: true },
      { kind: 'the broker blocks publishing', at: 12_997, ms: 7_659, target: 0.45 },
    ],
  },
  {
    what: 'a worker that was back gave its lanes to nobody: the others released them as soon as they heard of it, when it could not yet ask whether queues answer',
    seed: 6_238,
    faults: [
      { kind: 'a key hangs', at: 11_095, ms: 2_853, target: 0.56 },
      { kind: 'a worker is paused', at: 12_779, ms: 4_876, target: 0.35, isAimed: true },
      { kind: 'a key is throttled', at: 13_536, ms: 2_397, target: 0.96 },
      { kind: 'a key is throttled', at: 14_588, ms: 1_360, target: 0.14 },
      { kind: 'a connection is held up', at: 17_089, ms: 8_785, target: 0.13 },
      { kind: 'the broker is unreachable', at: 25_874, ms: 2_930, target: 0.29, isAimed: true },
    ],
  },
  {
    what: 'a lane of a worker that was killed while Redis refused writes, and answered reads, was left and taken until Redis accepted them: its former claim was taken for that of another worker',
    seed: 68,
    faults: [
      { kind: 'Redis cannot save', at: 4_694, ms: 8_257, target: 0.82 },
      { kind: 'a worker is killed', at: 10_801, ms: 8_505, target: 0.43, isAimed: true },
    ],
  },
  {
    what: 'a node was elected while it was cut off, and the others were not told of it: acknowledgements went to the former leader from then on (a fault of the simulated broker)',
    seed: 21_108,
    faults: [
      { kind: "a lane's leader changes", at: 4_193, ms: 633, target: 0.45 },
      { kind: 'two nodes lose each other', at: 6_506, ms: 10_626, target: 0.07 },
      { kind: 'a node is cut off from the others', at: 16_928, ms: 12_470, target: 0.99, isAimed: true },
      { kind: 'a node is cut off from the others', at: 17_132, ms: 1_025, target: 0.04, isAimed: true },
    ],
  },
];
