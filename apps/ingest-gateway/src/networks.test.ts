import { Networks } from './networks';

it.each([
  ['10.0.0.0/8', '10.255.1.2', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '2001:db8::1', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['::ffff:10.0.0.0/104', '10.9.9.9', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['10.0.0.0/8 172.16.0.0/12', '172.17.0.1', true],
  ['10.0.0.0/8', 'nonsense', false],
])('%s contains %s: %s', (text, address, expected) => {
  expect(Networks.parse(text)?.has(address)).toBe(expected);
});

it.each(['', ' , ', '10.0.0.0/33', '10.0.0/8', '2001:db8::/129', 'example.com', '10.0.0.0/', '10.0.0.0/8/8', '/8'])(
  '%j is not a list of networks',
  (text) => {
    expect(Networks.parse(text)).toBeUndefined();
  },
);

it('is logged as it was written', () => {
  expect(JSON.stringify(Networks.parse('10.0.0.0/8, ::1'))).toBe('"10.0.0.0/8,::1"');
});
