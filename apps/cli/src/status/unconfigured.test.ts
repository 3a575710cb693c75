import { redisVariables } from '@pdaltagent/service';
import { type Finding } from './check-result';
import { unconfigured } from './unconfigured';

const { redisUrl } = redisVariables;
const away: Finding = { subject: 'redis', state: 'attention', detail: 'cannot be reached', advice: 'start Redis' };
const there: Finding = { subject: 'redis', state: 'fine', detail: 'connected' };

describe('a look at an address', () => {
  it('is worth a note where nobody set the address here', () => {
    expect(unconfigured([away], redisUrl, { PDAGENTD_REDIS_URL: '' })).toEqual([
      {
        subject: 'redis',
        state: 'note',
        detail: 'not configured here (PDAGENTD_REDIS_URL is not set); the default: cannot be reached',
      },
    ]);
  });

  it('stays what it is where the address is set, also by a file', () => {
    for (const name of ['PDAGENTD_REDIS_URL', 'PDAGENTD_REDIS_URL_FILE']) {
      expect(unconfigured([away], redisUrl, { [name]: 'redis://redis:6379' })).toEqual([away]);
    }
  });

  it('stays what it is where the default answers', () => {
    expect(unconfigured([there], redisUrl, {})).toEqual([there]);
  });
});
