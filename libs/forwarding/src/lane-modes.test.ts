import { recordingLogger } from '@pdaltagent/testing';
import { LaneModes } from './lane-modes';
import { type Cause, type Mode } from './lane-ports';

/** The modes of a gateway with three lanes, and what it reported. */
function harness() {
  const reported: (readonly [Mode, Cause | undefined])[] = [];
  const modes = new LaneModes(recordingLogger([]), 3, {
    onSpoolBegun: () => undefined,
    onModeChange: (mode, cause) => void reported.push([mode, cause]),
  });
  return { modes, reported };
}

it('a gateway is direct once all of its lanes are', () => {
  const { modes, reported } = harness();
  modes.onModeChange(0, 'direct', undefined);
  modes.onModeChange(1, 'direct', undefined);
  expect(reported).toEqual([]);
  modes.onModeChange(2, 'direct', undefined);
  expect(reported).toEqual([['direct', undefined]]);
});

it('a gateway reports once that it spools, however many lanes do, with the cause of the first', () => {
  const { modes, reported } = harness();
  modes.onModeChange(0, 'spool', 'away');
  modes.onModeChange(1, 'spool', 'busy');
  for (const lane of [0, 1, 2]) modes.onModeChange(lane, 'direct', undefined);
  modes.onModeChange(2, 'spool', 'slow');
  expect(reported).toEqual([
    ['spool', 'away'],
    ['direct', undefined],
    ['spool', 'slow'],
  ]);
});
