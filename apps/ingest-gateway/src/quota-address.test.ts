import { quotaAddressOf } from './quota-address';

it.each([
  ['10.0.0.7', '10.0.0.7'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0:0:ffff:1:2:3', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['1::', '1:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['::FFFF:a00:7', '10.0.0.7'],
  ['0:0:0:0:0:ffff:0a00:0007', '10.0.0.7'],
  ['64:ff9b::10.0.0.7', '10.0.0.7'],
  ['gateway.example.com', undefined],
  ['', undefined],
])('%s counts as %s', (address, expected) => {
  expect(quotaAddressOf(address)).toBe(expected);
});
