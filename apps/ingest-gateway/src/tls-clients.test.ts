import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { waitUntil } from '@pdaltagent/testing';
import { generate } from 'selfsigned';
import { cipherList, MODERN_CIPHERS } from './ciphers';
import { type RunningGateway } from './gateway.fixture';
import { get, httpsGateways } from './tls.fixture';

const { start, inFolder } = httpsGateways();

describe('ciphers', () => {
  const connectWith = (gateway: RunningGateway, ciphers: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(
        { port: gateway.ports.https, host: 'localhost', rejectUnauthorized: false, maxVersion: 'TLSv1.2', ciphers },
        () => {
          resolve(socket.getCipher().name);
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });

  it.each(['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-ECDSA-AES128-SHA'])(
    'of TLS 1.2 without AEAD are refused unless configured: %s',
    async (cipher) => {
      await expect(connectWith(await start(), cipher)).rejects.toThrow(/handshake failure|alert/);
      expect(await connectWith(await start({ tlsCiphers: cipher }), cipher)).toBe(cipher);
    },
  );

  it.each(['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305'])(
    'of TLS 1.2 with AEAD are accepted: %s',
    async (cipher) => expect(await connectWith(await start(), cipher)).toBe(cipher),
  );

  it('must be known to OpenSSL', () => {
    expect([cipherList('NO-SUCH-CIPHER'), cipherList(` ${MODERN_CIPHERS} `)]).toEqual([undefined, MODERN_CIPHERS]);
  });
});

describe('certificates of clients', () => {
  const authorities = () => inFolder('clients.pem');

  const revocations = () => inFolder('clients.crl');

  /** Only OpenSSL's command can create a revocation list here. */
  async function writeRevocations(authority: { cert: string; private: string }, revoked: readonly string[]) {
    const file = (name: string) => inFolder(name);
    const serials = revoked.map((cert) => new X509Certificate(cert).serialNumber);
    const lines = serials.map((serial) => `R\t490101000000Z\t260101000000Z\t${serial}\tunknown\t/CN=client\n`);
    await writeFile(file('ca.pem'), authority.cert);
    await writeFile(file('ca-key.pem'), authority.private);
    await writeFile(file('index'), lines.join(''));
    await writeFile(
      file('ca.cnf'),
      `[ca]\ndefault_ca=c\n[c]\ndatabase=${file('index')}\ndefault_md=sha256\ndefault_crl_days=30\n`,
    );
    const pair = ['-cert', file('ca.pem'), '-keyfile', file('ca-key.pem')];
    execFileSync('openssl', ['ca', '-config', file('ca.cnf'), '-gencrl', ...pair, '-out', revocations()], {
      stdio: 'pipe',
    });
  }

  async function makeClient() {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'client' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    return { rejectUnauthorized: false, cert, key };
  }

  it('are required if an authority is configured; clients without one are refused and counted', async () => {
    const [known, foreign] = [await makeClient(), await makeClient()];
    await writeFile(authorities(), known.cert);
    const gateway = await start({ tlsClientAuthorities: authorities() });
    expect((await get(gateway, known)).status).toBe(200);
    await expect(get(gateway, { rejectUnauthorized: false })).rejects.toThrow();
    await expect(get(gateway, foreign)).rejects.toThrow();
    await waitUntil(
      async () => (await gateway.metrics.metrics()).includes('refused_total{reason="client-certificate"} 2'),
      { what: 'both refusals to be counted' },
    );
  });

  it('are checked against a changed authority without a restart, but never against a file that cannot be read', async () => {
    const [first, second] = [await makeClient(), await makeClient()];
    await writeFile(authorities(), first.cert);
    const gateway = await start({ certificatePollMs: 20, tlsClientAuthorities: authorities() });
    await writeFile(authorities(), 'no certificate');
    await waitUntil(() => gateway.log.some(({ level }) => level === 'warn'), { what: 'the warning' });
    expect((await get(gateway, first)).status).toBe(200);

    await writeFile(authorities(), second.cert);
    await waitUntil(() => gateway.log.some(({ message }) => message === 'certificate reloaded'), {
      what: 'the change',
    });
    expect((await get(gateway, second)).status).toBe(200);
    await expect(get(gateway, first)).rejects.toThrow();
  });

  it('are refused once they are revoked, without a restart', async () => {
    const authority = await generate([{ name: 'commonName', value: 'authority' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    const issue = async (name: string) => {
      const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { cert: authority.cert, key: authority.private },
      });
      return { rejectUnauthorized: false, cert, key };
    };
    const [first, second] = [await issue('first'), await issue('second')];
    await writeFile(authorities(), authority.cert);
    await writeRevocations(authority, [first.cert]);
    const gateway = await start({
      certificatePollMs: 20,
      tlsClientAuthorities: authorities(),
      tlsClientRevocations: revocations(),
    });
    await expect(get(gateway, first)).rejects.toThrow();
    expect((await get(gateway, second)).status).toBe(200);

    await writeRevocations(authority, [first.cert, second.cert]);
    await waitUntil(() => gateway.log.some(({ message }) => message === 'certificate reloaded'), {
      what: 'the change',
    });
    await expect(get(gateway, second)).rejects.toThrow();
    expect(await gateway.metrics.metrics()).toContain('refused_total{reason="client-certificate"} 2');
  });

  it('cannot be checked against a file that contains no revocation list', async () => {
    await writeFile(authorities(), (await makeClient()).cert);
    await writeFile(revocations(), 'no revocation list');
    await expect(start({ tlsClientAuthorities: authorities(), tlsClientRevocations: revocations() })).rejects.toThrow(
      /^PDAGENTD_TLS_CLIENT_CRL: .*clients\.crl cannot be used/,
    );
  });

  it('cannot be required with a file that contains no authority', async () => {
    await writeFile(authorities(), 'no certificate');
    await expect(start({ tlsClientAuthorities: authorities() })).rejects.toThrow(
      /^PDAGENTD_TLS_CLIENT_CA: .*clients\.pem cannot be used/,
    );
  });
});
