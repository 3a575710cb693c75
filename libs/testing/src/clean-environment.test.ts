import { cleanEnvironment } from './clean-environment';

describe('cleanEnvironment', () => {
  it('removes every variable that names a server, a proxy or a token', () => {
    const environment = {
      PDAGENTD_AMQP_URL: 'amqp://production',
      PDAGENTD_API_TOKEN: 'secret',
      PDSEND_EVENTS_BASE_URL: 'https://events.pagerduty.com',
      CELERY_BROKER_URL: 'pyamqp://production',
      RABBITMQ_NODENAME: 'rabbit@production',
      HTTP_PROXY: 'http://proxy',
      https_proxy: 'http://proxy',
      No_Proxy: '*',
      all_proxy: 'socks://proxy',
    };
    expect(cleanEnvironment(environment)).toEqual({});
  });

  it('keeps the rest', () => {
    expect(cleanEnvironment({ PATH: '/bin', HOME: '/home/me', HTTP_PROXYING: '1' })).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      HTTP_PROXYING: '1',
    });
  });
});
