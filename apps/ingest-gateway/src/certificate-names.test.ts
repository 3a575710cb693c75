import { readConfiguration } from '@pdaltagent/service';
import { CertificateNames } from './certificate-names';
import { variables } from './configuration';

const none = () => Promise.resolve(undefined);

it.each([
  ['gateway.example.com', ['gateway.example.com']],
  ['Gateway.Example.com, *.example.com,10.0.0.5 ::1', ['gateway.example.com', '*.example.com', '10.0.0.5', '::1']],
])('%s names what a certificate is to be valid for', (text, names) => {
  expect(CertificateNames.parse(text)?.names).toEqual(names);
});

it.each(['', ' , ', 'https://gateway', 'a..b', '-a', '10.0.0.256', 'a/b', 'a:8443', '*', 'a.*.b'])(
  '%j does not',
  (text) => {
    expect(CertificateNames.parse(text)).toBeUndefined();
  },
);

it.each(['::ffff:10.0.0.1', '64:ff9b::10.0.0.1', 'fe80::1%eth0'])(
  '%s, which the certificate would contain as another address, is refused at start',
  (address) => {
    const read = () => readConfiguration(variables, { PDAGENTD_TLS_NAMES: `gateway.example.com,${address}` });
    expect(read).toThrow(/PDAGENTD_TLS_NAMES.*IPv6 address without a zone \(%eth0\)/);
  },
);

describe('the names of this host', () => {
  it('are its host name and its fully qualified name, if there is one', async () => {
    const full = () => Promise.resolve('relay.example.com');
    expect((await CertificateNames.ofThisHost('Relay', full)).names).toEqual(['relay', 'relay.example.com']);
    expect((await CertificateNames.ofThisHost('relay', none)).names).toEqual(['relay']);
    const other = () => Promise.resolve('ip-10-0-0-5.internal');
    expect((await CertificateNames.ofThisHost('relay', other)).names).toEqual(['relay']);
    const failing = () => Promise.reject(new Error('ENOTFOUND'));
    expect((await CertificateNames.ofThisHost('relay', failing)).names).toEqual(['relay']);
  });

  it('are never the id of a container', async () => {
    expect((await CertificateNames.ofThisHost('4f1c2d3e5a6b', none)).names).toEqual([]);
    expect((await CertificateNames.ofThisHost('f'.repeat(64), none)).names).toEqual([]);
  });

  it('are valid in addition to those of every host', async () => {
    const { all } = await CertificateNames.ofThisHost('localhost', none);
    expect(all).toEqual(['localhost', '127.0.0.1', '::1']);
  });
});
