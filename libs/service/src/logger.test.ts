import { PassThrough } from 'node:stream';
import { createLogger } from './logger';

async function logged(write: (logger: ReturnType<typeof createLogger>) => void, secrets: string[] = []) {
  const stream = new PassThrough();
  const logger = createLogger({ service: 'test', level: 'info', secrets, stream });
  write(logger);
  await logger.close();
  const text = String(stream.read() ?? '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('has one JSON object per line, with the fields of its logger', async () => {
    const [line] = await logged((logger) => logger.child({ lane: '03' }).info('lane taken', { held: 2 }));
    expect(line).toMatchObject({ level: 'info', service: 'test', message: 'lane taken', lane: '03', held: 2 });
  });

  it('omits messages below its level', async () => {
    expect(await logged((logger) => logger.debug('detail'))).toEqual([]);
  });

  it('masks routing keys, URL passwords and configured secrets everywhere', async () => {
    const [line] = await logged(
      (logger) =>
        logger.error('amqp://me:hunter2@host failed for 0123456789abcdef0123456789abd1a6', {
          error: new Error('token tok-12345'),
        }),
      ['tok-12345'],
    );
    const text = JSON.stringify(line);
    expect(text).toContain('…d1a6');
    expect(text).not.toMatch(/hunter2|tok-12345|0123456789abcdef/);
  });

  it.each([
    'quo"te-and-more',
    'back\\slash-and-more',
    'line\nfeed',
    'ends with a "quote"',
    '$& $1 dollars',
    'true',
    '1234',
  ])('masks a secret that JSON escapes, or that looks like a part of it: %j', async (secret) => {
    const [line] = await logged(
      (logger) => logger.error(`bad ${secret}`, { flag: true, n: 1234, error: new Error(secret), list: [secret] }),
      [secret],
    );
    expect(line).toMatchObject({ flag: true, n: 1234 });
    const { message, error, list } = line ?? {};
    expect(JSON.stringify([message, error, list])).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  it('logs only name, code, message and cause of an error', async () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), {
      code: 'ECONNRESET',
      config: { auth: 'x' },
    });
    const [line] = await logged((logger) => logger.warn('failed', { error }));
    expect(line?.error).toEqual({
      name: 'Error',
      code: 'ECONNRESET',
      message: 'outer',
      cause: { name: 'Error', message: 'inner' },
    });
  });
});
