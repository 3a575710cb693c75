import { deflateRawSync } from 'node:zlib';
import { batchIn, bodyOf, propertiesOf } from './batch-message';
import { FACT_VERSION } from './fact';
import { lineOf } from './fact-line';
import { ACCEPTED, CONTENTS } from './facts.fixture';

const SOURCE = { service: 'delivery-worker', host: 'worker-1', instance: '6f1c7f0e-0000-4000-8000-000000000000' };
const LINES = `${lineOf(ACCEPTED, 1, 'full')}\n${lineOf(CONTENTS.delivered, 2, 'full')}\n`;
const MESSAGE = { content: bodyOf(LINES), properties: propertiesOf(SOURCE, { sequence: 7, facts: 2 }) };
const { properties } = MESSAGE;

describe('a batch', () => {
  it('is read as it was written, with its place in the stream', () => {
    expect(batchIn(MESSAGE, 42)).toEqual({
      batch: {
        offset: 42,
        source: SOURCE,
        sequence: 7,
        facts: [
          { ...ACCEPTED, at: 1 },
          { ...CONTENTS.delivered, at: 2 },
        ],
      },
      unreadable: 0,
    });
  });

  it('keeps what can be read if some of its lines cannot, and counts these', () => {
    const read = batchIn({ content: bodyOf(`not JSON\n${LINES}{"half": \n`), properties }, 0);
    expect(read?.batch.facts).toHaveLength(2);
    expect(read?.unreadable).toBe(2);
  });

  it('may be without facts', () => {
    expect(batchIn({ content: bodyOf(''), properties }, 0)).toMatchObject({ batch: { facts: [] }, unreadable: 0 });
  });
});

describe('a message of somebody else is skipped', () => {
  const headers = { version: FACT_VERSION, instance: SOURCE.instance, host: SOURCE.host, sequence: '7' };
  it.each([
    ['without headers', { content: MESSAGE.content, properties: { ...properties, headers: undefined } }],
    ['without a sequence', { content: MESSAGE.content, properties: { ...properties, headers } }],
    ['without a service', { content: MESSAGE.content, properties: { ...properties, appId: undefined } }],
    ['in another encoding', { content: MESSAGE.content, properties: { ...properties, contentEncoding: 'zstd' } }],
    ['whose body is damaged', { content: Buffer.from('not deflated'), properties }],
    ['whose body ends too early', { content: MESSAGE.content.subarray(0, 20), properties }],
    [
      'whose body would fill the memory',
      { content: deflateRawSync(Buffer.alloc(65_000_000), { level: 1 }), properties },
    ],
  ])('%s', (_, message) => expect(batchIn(message, 0)).toBeUndefined());
});
