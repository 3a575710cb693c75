import { liveEnvironment, livePorts, missingVariables } from './live-environment';

const complete = {
  PDAGENTD_AMQP_URL: 'amqp://broker',
  PDAGENTD_REDIS_URL: 'redis://redis',
  PDAGENTD_EVENTS_BASE_URL: 'https://events.pagerduty.com',
  PDAGENTD_API_BASE_URL: 'https://api.pagerduty.com',
  PDAGENTD_API_TOKEN: 'token',
  PDAGENTD_WEBHOOK_DEST_URL: 'https://example.org',
};

describe('what --live needs of the environment', () => {
  it('is reported completely', () => {
    const missing = missingVariables({});
    expect(missing).toHaveLength(Object.keys(complete).length);
    for (const name of Object.keys(complete)) expect(missing.join('\n')).toContain(name);
  });

  it('is complete with exactly these variables', () => {
    expect(missingVariables(complete)).toEqual([]);
    for (const name of Object.keys(complete)) expect(missingVariables({ ...complete, [name]: ' ' })).toHaveLength(1);
  });

  it('may come from a file, and the broker from CELERY_BROKER_URL', () => {
    const others = { PDAGENTD_AMQP_URL: '', CELERY_BROKER_URL: 'pyamqp://broker' };
    const fromFile = { PDAGENTD_API_TOKEN: '', PDAGENTD_API_TOKEN_FILE: '/run/token' };
    expect(missingVariables({ ...complete, ...others, ...fromFile })).toEqual([]);
  });
});

describe('the ports of --live', () => {
  const ports = (environment: NodeJS.ProcessEnv) => livePorts(environment).map(({ port }) => port);

  it('are read from the environment', () => {
    expect(ports({ PDAGENTD_HTTP_PORT: '80', PDAGENTD_HTTPS_PORT: '443' })).toEqual([80, 443, 8090, 8091, 8092, 8093]);
  });

  it('omit disabled ones', () => {
    expect(ports({ PDAGENTD_HTTP_PORT: '0' })).toEqual([8443, 8090, 8091, 8092, 8093]);
  });
});

describe('the services of --live', () => {
  it('open their ports on the loopback interface, unless an address is set', () => {
    expect(liveEnvironment({ A: 'b' })).toEqual({ A: 'b', PDAGENTD_LISTEN_ADDRESS: '127.0.0.1' });
    expect(liveEnvironment({ PDAGENTD_LISTEN_ADDRESS: '' })).toEqual({ PDAGENTD_LISTEN_ADDRESS: '127.0.0.1' });
    expect(liveEnvironment({ PDAGENTD_LISTEN_ADDRESS: '10.0.0.1' })).toEqual({ PDAGENTD_LISTEN_ADDRESS: '10.0.0.1' });
  });
});
