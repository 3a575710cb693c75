import { isInTheJournal } from './journal-faults.fixture';
import { PrivateRelay } from './relay.fixture';

describe('the journal accounts for every event', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-journal');
  });
  afterAll(() => relay.stop());

  it('under throttling, rejections, the kill of a worker and that of the broker', () =>
    isInTheJournal(relay, 'journal', { alerts: 60, eventsPerAlert: 10, workerKills: 1, brokerKills: 1 }));
});
