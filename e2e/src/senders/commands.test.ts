import { toolPath } from '@pdaltagent/testing';
import {
  command,
  filled,
  routingKeyOf,
  runProgram,
  SenderRelay,
  configurationFile,
  type Ended,
} from './senders.fixture';

jest.setTimeout(120_000);

const SECURE = 'https://gateway.example.com:8443';
const KEY = 'YOUR_32_CHARACTER_ROUTING_KEY';

let senders: SenderRelay;
beforeAll(async () => (senders = await SenderRelay.start('senders-commands')));
afterAll(() => senders.stop());

/** A file that runs a command over HTTPS with the gateway's self-signed certificate. */
const secure = (name: string, key: string, authority: string, executable: string) =>
  configurationFile(name, {
    [SECURE]: senders.secureUrl,
    [KEY]: key,
    [authority]: senders.authority,
    [`/usr/local/bin/${executable}`]: command(`${executable}.js`),
  });

describe('Nagios and Icinga', () => {
  const MACROS = {
    HOSTNAME: 'db1',
    HOSTSTATE: 'DOWN',
    HOSTOUTPUT: 'PING CRITICAL - 100% packet loss',
    HOSTPROBLEMID: '7',
    SERVICEDESC: 'Disk / & "home"',
    SERVICESTATE: 'CRITICAL',
    SERVICEOUTPUT: 'DISK CRITICAL - free space: / 2% — größer als erlaubt',
    SERVICEPROBLEMID: '8',
  };

  async function notify(configuration: string, name: string, type: string, key: string): Promise<Ended> {
    const found = new RegExp(`command_name +${name}\\n +command_line +(.*)\\n`).exec(configuration);
    // Nagios removes quotes and other characters from values (illegal_macro_output_chars).
    const values = Object.entries(MACROS).map(([macro, value]) => [macro, value.replaceAll('"', '')] as const);
    const macros = { ...Object.fromEntries(values), NOTIFICATIONTYPE: type, CONTACTPAGER: key };
    return runProgram('/bin/sh', ['-c', filled(found?.[1] ?? '', /\$([A-Z]+)\$/g, macros)]);
  }

  it('send events with the commands of nagios.cfg', async () => {
    const key = routingKeyOf('nagios');
    const configuration = secure('nagios.cfg', key, '/etc/nagios/gateway.pem', 'pd-nagios');
    const dedupKey = 'event_source=service;host_name=db1;service_desc=Disk / & home';
    for (const type of ['PROBLEM', 'ACKNOWLEDGEMENT', 'RECOVERY']) {
      expect(await notify(configuration, 'notify-service-by-pagerduty', type, key)).toEqual({
        code: 0,
        stdout: `Event processed. Incident Key: ${dedupKey}\n`,
        stderr: '',
      });
    }
    expect(await notify(configuration, 'notify-host-by-pagerduty', 'PROBLEM', key)).toMatchObject({ code: 0 });
    const arrived = await senders.arrivals(key, 4);
    const service = arrived.filter((event) => event.dedupKey === dedupKey);
    expect(service.map(({ alert }) => alert)).toEqual(['opened', 'acknowledged', 'resolved']);
    expect(JSON.parse(service[0]?.body ?? '')).toMatchObject({
      payload: {
        summary: 'SERVICEDESC=Disk / & home; SERVICESTATE=CRITICAL; HOSTNAME=db1',
        severity: 'critical',
        custom_details: { SERVICEOUTPUT: MACROS.SERVICEOUTPUT, pd_nagios_object: 'service' },
      },
    });
    expect(arrived.find((event) => event.dedupKey === 'event_source=host;host_name=db1')?.alert).toBe('opened');
  });

  it('send events with the command of icinga2.conf', async () => {
    const key = routingKeyOf('icinga');
    const configuration = secure('icinga2.conf', key, '/etc/icinga2/gateway.pem', 'pd-nagios');
    const env = Object.fromEntries(
      [...configuration.matchAll(/^ +(PDSEND_\w+) = "(.*)"$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const program = /command = \[ "(.+)" \]/.exec(configuration)?.[1] ?? '';
    const macros = {
      pagerduty_object: 'service',
      'user.pager': key,
      'notification.type': 'PROBLEM',
      'host.name': MACROS.HOSTNAME,
      'service.name': MACROS.SERVICEDESC,
      'service.state': 'UNKNOWN',
      'service.output': MACROS.SERVICEOUTPUT,
    };
    const [fields = ''] = /vars\.pagerduty_fields = \[[^\]]+\]/.exec(configuration) ?? [];
    const words = [
      ...[...configuration.matchAll(/^ +"(-[a-z])" = "(.+)"$/gm)].flatMap(([, option = '', value = '']) => [
        option,
        value,
      ]),
      ...[...fields.matchAll(/"(.+)"/g)].flatMap(([, field = '']) => ['-f', field]),
    ].map((word) => filled(word, /\$([a-z_.]+)\$/g, macros));
    const dedupKey = `event_source=service;host_name=db1;service_desc=${MACROS.SERVICEDESC}`;
    expect(await runProgram(program, words, { env })).toMatchObject({
      code: 0,
      stdout: `Event processed. Incident Key: ${dedupKey}\n`,
    });
    const [arrived] = await senders.arrivals(key, 1);
    expect(arrived).toMatchObject({ dedupKey, alert: 'opened' });
    expect(JSON.parse(arrived?.body ?? '')).toMatchObject({
      payload: { severity: 'error', component: MACROS.SERVICEDESC },
    });
  });
});

describe('Zabbix', () => {
  it('sends events with the script and the message', async () => {
    const key = routingKeyOf('zabbix');
    const script = configurationFile('pdaltagent-zabbix.sh', {
      [SECURE]: senders.secureUrl,
      '/etc/zabbix/gateway.pem': senders.authority,
      '/usr/local/bin/pd-zabbix': command('pd-zabbix.js'),
    });
    const message = (status: string) =>
      filled(configurationFile('zabbix-message.txt', {}), /\{([A-Z.]+)\}/g, {
        'EVENT.NAME': 'Disk: full on "/"',
        'TRIGGER.ID': '13502',
        'TRIGGER.STATUS': status,
        'HOST.NAME': 'db1',
        'HOST.IP': '10.0.0.1',
        'TRIGGER.VALUE': '1',
        'EVENT.ID': '126',
        'TRIGGER.SEVERITY': 'Disaster',
      });
    for (const [subject, status] of [
      ['trigger', 'PROBLEM'],
      ['resolve', 'OK'],
    ] as const) {
      const ended = await runProgram('/bin/sh', ['-c', script, 'pdaltagent-zabbix.sh', key, subject, message(status)]);
      expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    }
    const arrived = await senders.arrivals(key, 2);
    expect(arrived).toMatchObject([
      { alert: 'opened', dedupKey: '13502-db1' },
      { alert: 'resolved', dedupKey: '13502-db1' },
    ]);
    expect(JSON.parse(arrived[0]?.body ?? '')).toMatchObject({
      payload: { summary: 'Disk: full on "/" : PROBLEM for db1', severity: 'critical' },
    });
  });
});

describe('the commands', () => {
  const secureEnvironment = () => ({
    PDSEND_EVENTS_BASE_URL: senders.secureUrl,
    PDSEND_CA_FILE: senders.authority,
  });

  it('pd-sensu sends an event for a check result', async () => {
    const key = routingKeyOf('sensu');
    const result = { client: { name: 'db1' }, check: { name: 'disk', output: 'full', status: 1 }, action: 'create' };
    const ended = await runProgram(command('pd-sensu.js'), ['-k', key], {
      env: secureEnvironment(),
      input: JSON.stringify(result),
    });
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const [arrived] = await senders.arrivals(key, 1);
    expect(arrived).toMatchObject({ alert: 'opened', dedupKey: 'db1/disk' });
    expect(JSON.parse(arrived?.body ?? '')).toMatchObject({ payload: { severity: 'warning', custom_details: result } });
  });

  const HARD = 'a "quoted" \\ back\\slash,\ttab\nand line — Größe 日本語 🔥 \u0001\u001f\u007f $(id) `id` %s';

  it.each([
    ['pd-send', () => [command('pd-send.js')]],
    ['pd-send.sh in the shell of the system', () => ['/bin/sh', command('pd-send.sh')]],
    ['pd-send.sh in BusyBox', () => [toolPath('busybox'), 'sh', command('pd-send.sh')]],
  ])('%s sends an event, and reports the result', async (name, commandLine) => {
    const [program = '', ...before] = commandLine();
    const key = routingKeyOf(name.replace(/[^A-Za-z]/g, '').slice(0, 32));
    const words = ['-k', key, '-i', 'a', '-f', `detail=${HARD}`];
    const run = (...more: string[]) =>
      runProgram(program, [...before, ...words, ...more], { env: secureEnvironment() });
    const done = { code: 0, stdout: 'Event processed. Incident Key: a\n', stderr: '' };
    expect(await run('-t', 'trigger', '-d', HARD)).toEqual(done);
    expect(await run('-t', 'resolve')).toEqual(done);
    const arrived = await senders.arrivals(key, 2);
    expect(arrived.map(({ alert }) => alert)).toEqual(['opened', 'resolved']);
    expect(JSON.parse(arrived[0]?.body ?? '')).toMatchObject({
      payload: { summary: HARD, custom_details: { detail: HARD } },
    });

    const refused = await runProgram(program, [...before, '-k', 'short', '-t', 'resolve', '-i', 'a'], {
      env: secureEnvironment(),
    });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      `pd-send: ${senders.secureUrl} answered 400: Event object is invalid: Length of 'routing_key' is incorrect (should be 32 characters)\n`,
    );
  });
});
