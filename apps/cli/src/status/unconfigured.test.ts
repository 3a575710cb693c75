import { redisVariables } from '@pdaltagent/service';
import { type CheckResult } from './check-result';
import { downgradeUnconfigured } from './unconfigured';

const { redisUrl } = redisVariables;
const unreachable: CheckResult = { subject: 'redis', state: 'attention', detail: 'unreachable', advice: 'start Redis' };
const there: CheckResult = { subject: 'redis', state: 'fine', detail: 'connected' };

describe('the check of an address', () => {
  it('is only a note if the address is not set here', () => {
    expect(downgradeUnconfigured([unreachable], redisUrl, { PDAGENTD_REDIS_URL: '' })).toEqual([
      {
        subject: 'redis',
        state: 'note',
        detail: 'not configured here (PDAGENTD_REDIS_URL is not set); the default: unreachable',
      },
    ]);
  });

  it('is unchanged if the address is set, even through a file', () => {
    for (const name of ['PDAGENTD_REDIS_URL', 'PDAGENTD_REDIS_URL_FILE']) {
      expect(downgradeUnconfigured([unreachable], redisUrl, { [name]: 'redis://redis:6379' })).toEqual([unreachable]);
    }
  });

  it('is unchanged if the default responds', () => {
    expect(downgradeUnconfigured([there], redisUrl, {})).toEqual([there]);
  });
});
