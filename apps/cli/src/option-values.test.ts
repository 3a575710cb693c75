import { pastOption } from './option-values';

const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('a time on the command line', () => {
  it.each([
    ['30min', '2026-03-01T11:30:00.000Z'],
    ['2 h', '2026-03-01T10:00:00.000Z'],
    ['3d', '2026-02-26T12:00:00.000Z'],
    ['2026-02-28', '2026-02-28T00:00:00.000Z'],
    ['2026-02-28T10:00', '2026-02-28T10:00:00.000Z'],
    ['2026-02-28T10:00:05.5', '2026-02-28T10:00:05.500Z'],
    ['2026-02-28T10:00:00Z', '2026-02-28T10:00:00.000Z'],
    ['2026-02-28T10:00:00+01:00', '2026-02-28T09:00:00.000Z'],
  ])('can be %s', (text, time) => {
    expect(new Date(pastOption(text, NOW)).toISOString()).toBe(time);
  });

  it.each([
    '5',
    '30',
    'yesterday',
    '1 March 2026',
    '2026/02/28',
    '2026-02-31',
    '2026-13-01',
    '2026-02-28T25:00',
    '9e9d',
    '',
  ])('cannot be %j, which would be read as another time or none', (text) => {
    expect(() => pastOption(text, NOW)).toThrow('It must be an ISO 8601 time');
  });

  it('cannot be an age that no date can express', () => {
    expect(() => pastOption('99999999999d', NOW)).toThrow('It must be an ISO 8601 time');
  });
});
