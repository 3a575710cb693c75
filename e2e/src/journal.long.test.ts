import { SCENARIO_MS } from './faults.fixture';
import { isInTheJournal } from './journal-faults.fixture';
import { PrivateRelay } from './relay.fixture';

describe('the journal accounts for every one of 20,000 events', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-journal-long');
  });
  afterAll(() => relay.stop());

  it(
    'under throttling, rejections, kills of workers and of the broker',
    () => isInTheJournal(relay, 'journal', { alerts: 1_000, eventsPerAlert: 20, workerKills: 6, brokerKills: 3 }),
    SCENARIO_MS,
  );
});
