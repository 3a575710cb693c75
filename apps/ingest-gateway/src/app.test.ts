import { readConfiguration } from '@pdaltagent/service';
import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

function warningsWith(environment: Record<string, string>): readonly string[] {
  const log: RecordedLine[] = [];
  createApp(readConfiguration(variables, environment), { logger: recordingLogger(log), metrics: new Registry() });
  return log.filter(({ level }) => level === 'warn').map(({ message }) => message);
}

it('a gateway that writes plain digests of routing keys into the journal warns of them at start', () => {
  expect(warningsWith({})).toEqual([expect.stringContaining('routing keys in the journal are plain digests')]);
});

it.each([{ PDAGENTD_DIGEST_SECRET: 'secret of this test' }, { PDAGENTD_JOURNAL: 'false' }])(
  'with %j there are no plain digests to warn of',
  (environment) => {
    expect(warningsWith(environment)).toEqual([]);
  },
);
