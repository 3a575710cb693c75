import { LaneChanges } from './lane-changes';

it('logs lanes that change owner together in one line, and nothing if nothing changed', () => {
  const lines: unknown[] = [];
  const log = { info: (...line: unknown[]) => lines.push(line), warn: () => undefined, error: () => undefined };
  const changes = new LaneChanges(log, () => [3, 4]);
  for (const lane of [4, 3]) changes.recordTaken(lane);
  changes.recordReleased(7);
  changes.flush();
  changes.flush();
  expect(lines).toEqual([
    ['lanes released', { lanes: '7', owned: 2 }],
    ['lanes taken', { lanes: '3 4', owned: 2 }],
  ]);
});
