import { redisVariables } from '@pdaltagent/service';
import { type CheckResult } from './check-result';
import { downgradeUnconfigured } from './unconfigured';

const { redisUrl } = redisVariables;
const away: CheckResult = { subject: 'redis', state: 'attention', detail: 'cannot be reached', advice: 'start Redis' };
const there: CheckResult = { subject: 'redis', state: 'fine', detail: 'connected' };

describe('a look at an address', () => {
  it('is worth a note where nobody set the address here', () => {
    expect(downgradeUnconfigured([away], redisUrl, { PDAGENTD_REDIS_URL: '' })).toEqual([
      {
        subject: 'redis',
        state: 'note',
        detail: 'not configured here (PDAGENTD_REDIS_URL is not set); the default: cannot be reached',
      },
    ]);
  });

  it('stays what it is where the address is set, also by a file', () => {
    for (const name of ['PDAGENTD_REDIS_URL', 'PDAGENTD_REDIS_URL_FILE']) {
      expect(downgradeUnconfigured([away], redisUrl, { [name]: 'redis://redis:6379' })).toEqual([away]);
    }
  });

  it('stays what it is where the default answers', () => {
    expect(downgradeUnconfigured([there], redisUrl, {})).toEqual([there]);
  });
});
