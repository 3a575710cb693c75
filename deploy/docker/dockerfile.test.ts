import { adminPortOf, SERVICES, textOf } from '../services.fixture';

interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly lines: readonly string[];
}

/** The stages of a Dockerfile, continued lines joined and comments dropped. */
function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  const instructions = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const starts = instructions.flatMap((line, index) => (line.startsWith('FROM ') ? [index] : []));
  return starts.map((start, index) => {
    const [, base = '', , name] = (instructions[start] ?? '').split(/\s+/);
    return { base, name, lines: instructions.slice(start + 1, starts[index + 1]) };
  });
}

const stages = stagesOf(textOf('deploy/docker/Dockerfile'));
const stageOf = (name: string) => stages.find((stage) => stage.name === name)?.lines ?? [];
const argumentOf = (stage: string, instruction: string) =>
  stageOf(stage)
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1));

it('runs as a user that is a number and not root', () => {
  expect(argumentOf('runtime', 'USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  for (const name of Object.keys(SERVICES)) expect(argumentOf(name, 'USER')).toEqual([]);
});

it('starts node itself, so that SIGTERM reaches it', () => {
  expect(argumentOf('runtime', 'ENTRYPOINT')).toEqual(['["node", "/app/main.js"]']);
});

it('ships the bundle and nothing of the builder else', () => {
  const copies = [...argumentOf('runtime', 'COPY'), ...argumentOf('ingest-gateway', 'COPY')];
  expect(copies.filter((copy) => copy.startsWith('--from='))).toEqual([
    '--from=builder /source/dist/apps/${APP}/ ./',
    '--from=builder /source/dist/apps/cli/THIRD-PARTY-LICENSES.txt /usr/local/share/doc/pdaltagent/',
    '--from=builder /source/dist/apps/cli/ /usr/local/lib/pdaltagent/',
    '--from=builder /source/dist/apps/pd-send/pd-send.js /usr/local/bin/pd-send',
    '--from=builder /source/dist/apps/pd-send/pd-nagios.js /usr/local/bin/pd-nagios',
    '--from=builder /source/dist/apps/pd-send/pd-zabbix.js /usr/local/bin/pd-zabbix',
    '--from=builder /source/dist/apps/pd-send/pd-sensu.js /usr/local/bin/pd-sensu',
    '--from=builder /source/dist/apps/pd-send/pd-send.sh /usr/local/bin/pd-send.sh',
  ]);
});

it('has the command of operators with all that it needs, on the path', () => {
  expect(argumentOf('runtime', 'RUN')).toContain('ln -s ../lib/pdaltagent/pdaltagent.js /usr/local/bin/pdaltagent');
});

it('has no package manager at run time', () => {
  const removed = argumentOf('runtime', 'RUN').filter((line) => line.startsWith('rm -rf '));
  expect(removed.join(' ').split(/\s+/)).toEqual(
    expect.arrayContaining([
      '/usr/local/lib/node_modules',
      ...['npm', 'npx', 'corepack', 'yarn', 'yarnpkg'].map((name) => `/usr/local/bin/${name}`),
      '/opt/yarn-*',
    ]),
  );
});

it('ships the licence, and those of the packages in its bundles', () => {
  expect(argumentOf('runtime', 'COPY')).toContain('LICENSE /usr/local/share/doc/pdaltagent/');
  expect(textOf('.dockerignore').split('\n')).toContain('!LICENSE');
});

it('installs before it copies the sources, so that a change to the code does not reinstall dependencies', () => {
  const builder = stageOf('builder');
  expect(builder.indexOf('RUN npm ci')).toBeGreaterThan(-1);
  expect(builder.indexOf('RUN npm ci')).toBeLessThan(builder.indexOf('COPY . ./'));
});

it('fetches nothing by address', () => {
  expect(stages.flatMap(({ lines }) => lines).filter((line) => /^ADD |https?:\/\//.test(line))).toEqual([]);
});

it('ends at the stage of the app that was asked for', () => {
  expect(stages.at(-1)).toMatchObject({ base: '${APP}', lines: [] });
});

it.each(Object.keys(SERVICES))('%s has its own admin port, on every address of its container, exposed', (name) => {
  const port = adminPortOf(name);
  expect(argumentOf(name, 'ENV')).toEqual([`PDAGENTD_ADMIN_HOST=* PDAGENTD_ADMIN_PORT=${port}`]);
  expect(argumentOf(name, 'EXPOSE').join(' ').split(' ')).toContain(String(port));
});

it('lets only listed files into the context', () => {
  const [first, ...others] = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(first).toBe('*');
  expect(others.filter((line) => line.startsWith('!') && /\.env|\.git|\*/.test(line))).toEqual([]);
});
