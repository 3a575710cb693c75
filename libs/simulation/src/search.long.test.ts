import { startSimulateCommand } from './simulate-command.fixture';

/** `npm test` runs those before. */
const FROM = 201;
const UNTIL = 5_200;
const PROCESSES = 2;
const SEEDS = (UNTIL + 1 - FROM) / PROCESSES;

it(`in the simulated worlds of the seeds ${FROM} to ${UNTIL}, no event is lost, reordered or held forever`, async () => {
  const searches = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      startSimulateCommand('--seeds', String(SEEDS), '--from', String(FROM + index * SEEDS)),
    ),
  );
  for (const search of searches)
    expect(search).toEqual({
      status: 0,
      output: expect.stringMatching(new RegExp(`\n${SEEDS} seeds from \\d+ in .*: 0 failed\n$`)) as unknown,
    });
}, 3_600_000);

it('a journal that gateways and workers write changes nothing of that', async () => {
  expect(await startSimulateCommand('--journal', '--seeds', '1000')).toEqual({
    status: 0,
    output: expect.stringMatching(/\n1000 seeds from 1 in .*: 0 failed\n$/) as unknown,
  });
}, 3_600_000);
