import { type Command } from './command';
import { help } from './help';
import { pdNagios } from './pd-nagios/command';
import { pdSend } from './pd-send/command';
import { pdSensu } from './pd-sensu/command';
import { pdZabbix } from './pd-zabbix/command';

/** Longer lines are those of an option whose names and choices alone are longer. */
const WIDEST = 88;

function explains<Name extends string>(command: Command<Name>): void {
  it(`of ${command.name} explains what it does, every option, the environment, an example, the exit codes`, () => {
    const text = help(command);
    expect(text).toMatch(new RegExp(`^usage: ${command.name} `));
    for (const { long } of command.options) for (const name of long) expect(text).toContain(name);
    for (const { value } of command.positionals ?? []) expect(text).toContain(`\n  ${value}\n`);
    expect(text).toMatch(/\nexamples?[:,]/);
    expect(text).toMatch(
      /PDSEND_EVENTS_BASE_URL[^]*PDSEND_TOKEN[^]*PDSEND_CA_FILE[^]*PDSEND_SKIP_CERT_VERIFY[^]*exit codes: 0/,
    );
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(WIDEST);
  });
}

describe('help', () => {
  explains(pdSend);
  explains(pdNagios);
  explains(pdZabbix);
  explains(pdSensu);
});
