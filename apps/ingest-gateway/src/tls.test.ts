import { X509Certificate } from 'node:crypto';
import { access, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { connect } from 'node:tls';
import { waitUntil } from '@pdaltagent/testing';
import { generate } from 'selfsigned';
import { CertificateNames } from './certificate-names';
import { type RunningGateway } from './gateway.fixture';
import { get, httpsGateways } from './tls.fixture';

const { start, inFolder } = httpsGateways();

async function writePair(name: string): Promise<{ cert: string; key: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  await writeFile(inFolder('cert.pem'), cert);
  await writeFile(inFolder('key.pem'), key);
  return { cert, key };
}

const configured = () => ({
  tlsCertificate: inFolder('cert.pem'),
  tlsKey: inFolder('key.pem'),
  certificatePollMs: 20,
});

const named = (text: string) => ({ tlsNames: CertificateNames.parse(text) });

describe('the self-signed pair', () => {
  it('is generated once, reused, and valid for localhost for clients that trust it', async () => {
    const first = await start();
    const file = inFolder('tls', 'cert.pem');
    const ca = await readFile(file);
    const { status, certificate } = await get(first, { ca });
    expect(status).toBe(200);
    expect(certificate.subjectaltname).toMatch(/DNS:localhost.*IP Address:127\.0\.0\.1.*IP Address:0:0:0:0:0:0:0:1/);
    expect((await stat(inFolder('tls', 'key.pem'))).mode & 0o777).toBe(0o600);
    expect(first.log).toContainEqual(
      expect.objectContaining({
        message: 'certificate loaded',
        fields: expect.objectContaining({ fingerprint: certificate.fingerprint256 }) as object,
      }),
    );
    const second = await start();
    expect((await get(second, { ca })).certificate.fingerprint256).toBe(certificate.fingerprint256);
  });

  it('is valid for the configured names, and generated again only if these change', async () => {
    const seenOf = async (gateway: RunningGateway) => (await get(gateway, { rejectUnauthorized: false })).certificate;
    const first = await seenOf(await start());
    const second = await seenOf(await start(named('gateway.example.com, 192.0.2.7')));
    expect(second.subjectaltname).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:gateway.example.com, IP Address:192.0.2.7',
    );
    expect(second.fingerprint256).not.toBe(first.fingerprint256);
    const gateway = await start(named('192.0.2.7,GATEWAY.example.com'));
    expect((await seenOf(gateway)).fingerprint256).toBe(second.fingerprint256);
    const ca = await readFile(inFolder('tls', 'cert.pem'));
    expect((await get(gateway, { ca, servername: 'gateway.example.com' })).status).toBe(200);
    await expect(get(gateway, { ca, servername: 'other.example.com' })).rejects.toThrow(/altnames/);
    const former = new X509Certificate(await readFile(inFolder('tls-former', 'cert.pem')));
    expect(former.fingerprint256).toBe(first.fingerprint256);
  });

  it('is kept each time that it is replaced', async () => {
    const fingerprintIn = async (name: string) =>
      new X509Certificate(await readFile(inFolder(name, 'cert.pem'))).fingerprint256;
    const generated: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      await start(named(`${name}.example.com`));
      generated.push(await fingerprintIn('tls'));
    }
    const kept = ['tls-former', 'tls-former-2', 'tls-former-3', 'tls'];
    expect(await Promise.all(kept.map(fingerprintIn))).toEqual(generated);
  });

  it('of an earlier version is not replaced', async () => {
    const first = await start();
    const { certificate } = await get(first, { rejectUnauthorized: false });
    await rm(inFolder('tls', 'names'));
    const second = await start();
    expect((await get(second, { rejectUnauthorized: false })).certificate.fingerprint256).toBe(
      certificate.fingerprint256,
    );
  });

  it('is the same for gateways that start concurrently with the same folder', async () => {
    const gateways = await Promise.all([start(), start(), start()]);
    const seen = await Promise.all(gateways.map((gateway) => get(gateway, { rejectUnauthorized: false })));
    expect(new Set(seen.map(({ certificate }) => certificate.fingerprint256)).size).toBe(1);
  });
});

describe('a pair of an authority that the operator put into the state folder', () => {
  async function provide(): Promise<string> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'provided' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
      ca: await generateAuthority(),
    });
    await mkdir(inFolder('tls'), { recursive: true });
    await writeFile(inFolder('tls', 'cert.pem'), cert);
    await writeFile(inFolder('tls', 'key.pem'), key);
    return new X509Certificate(cert).fingerprint256;
  }

  async function generateAuthority() {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'authority' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    return { cert, key };
  }

  const warningsOf = ({ log }: RunningGateway) => log.filter(({ level }) => level === 'warn');

  it.each([
    ['before the first start', () => Promise.resolve()],
    ['in place of the self-signed one', async () => void (await start(named('old.example.com')))],
  ])('%s is never replaced: configured names have no effect, and the log says so', async (_, before) => {
    await before();
    const fingerprint = await provide();
    const gateway = await start(named('gateway.example.com'));
    expect((await get(gateway, { rejectUnauthorized: false })).certificate.fingerprint256).toBe(fingerprint);
    await expect(access(inFolder('tls-former'))).rejects.toThrow('ENOENT');
    expect(warningsOf(gateway)).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^PDAGENTD_TLS_NAMES has no effect/) as string }),
    ]);
  });

  it('is used without a warning if no names are configured', async () => {
    await start(named('old.example.com'));
    const fingerprint = await provide();
    const gateway = await start();
    expect((await get(gateway, { rejectUnauthorized: false })).certificate.fingerprint256).toBe(fingerprint);
    expect(warningsOf(gateway)).toEqual([]);
  });
});

it('says what to do if a part of the self-signed pair is missing', async () => {
  await start();
  await rm(inFolder('tls', 'key.pem'));
  await expect(start()).rejects.toThrow(/tls contains only part of a pair: put cert\.pem and key\.pem there/);
});

describe('a configured pair', () => {
  it('is reloaded when it changes, without dropping a connection; an invalid one is not', async () => {
    const old = await writePair('old');
    const gateway = await start(configured());
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const kept = () => get(gateway, { ca: old.cert, agent });
    expect((await kept()).certificate.subject.CN).toBe('old');

    await writeFile(inFolder('key.pem'), 'no key');
    await waitUntil(() => gateway.log.some(({ level }) => level === 'warn'), { what: 'the warning' });
    expect((await get(gateway, { ca: old.cert })).certificate.subject.CN).toBe('old');

    const next = await writePair('new');
    await waitUntil(() => gateway.log.some(({ message }) => message === 'certificate reloaded'), {
      what: 'the new pair',
    });
    expect((await get(gateway, { ca: next.cert })).certificate.subject.CN).toBe('new');
    expect((await kept()).certificate.subject.CN).toBe('old');
    agent.destroy();
  });

  it('is loaded if it appears only after the start, once it is complete', async () => {
    const gateway = await start(configured());
    const self = (await get(gateway, { rejectUnauthorized: false })).certificate.fingerprint256;
    const { cert, key } = await writePair('late');
    await rm(inFolder('key.pem'));
    await writeFile(inFolder('cert.pem'), cert.slice(0, 100));
    await waitUntil(() => gateway.log.some(({ level }) => level === 'warn'), { what: 'the warning' });
    expect((await get(gateway, { rejectUnauthorized: false })).certificate.fingerprint256).toBe(self);
    expect(gateway.log.filter(({ level }) => level === 'warn').map(({ fields }) => String(fields['error']))).toEqual([
      expect.stringMatching(/^Error: PDAGENTD_TLS_KEY: .*key\.pem does not exist$/),
    ]);

    await writeFile(inFolder('cert.pem'), cert);
    await writeFile(inFolder('key.pem'), key);
    await waitUntil(() => gateway.log.some(({ message }) => message === 'certificate reloaded'), { what: 'the pair' });
    expect((await get(gateway, { ca: cert })).certificate.subject.CN).toBe('late');

    // Once it has existed, its absence is an error: no other certificate replaces it.
    await rm(inFolder('key.pem'));
    await rm(inFolder('cert.pem'));
    const warnings = () => gateway.log.filter(({ level }) => level === 'warn');
    await waitUntil(() => String(warnings().at(-1)?.fields['error']).includes('PDAGENTD_TLS_CERT'), {
      what: 'a warning',
    });
    expect((await get(gateway, { ca: cert })).certificate.subject.CN).toBe('late');
  });

  it('may have an RSA key', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'rsa' }], {
      keyType: 'rsa',
      keySize: 2048,
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    await writeFile(inFolder('cert.pem'), cert);
    await writeFile(inFolder('key.pem'), key);
    const gateway = await start(configured());
    expect((await get(gateway, { ca: cert })).certificate.subject.CN).toBe('rsa');
  });

  it('must be complete', async () => {
    await writePair('a');
    await rm(inFolder('key.pem'));
    await expect(start(configured())).rejects.toThrow(/^PDAGENTD_TLS_KEY: .*key\.pem does not exist$/);
  });

  it('must belong together', async () => {
    const { key } = await writePair('a');
    await writePair('b');
    await writeFile(inFolder('key.pem'), key);
    await expect(start(configured())).rejects.toThrow(/the key in .*key\.pem does not match .*cert\.pem/);
  });
});

it('speaks TLS 1.2 and later only', async () => {
  const gateway = await start();
  const protocolOf = (maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
    new Promise<string | null>((resolve, reject) => {
      const socket = connect(
        {
          port: gateway.ports.https,
          host: 'localhost',
          rejectUnauthorized: false,
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'DEFAULT@SECLEVEL=0',
        },
        () => {
          resolve(socket.getProtocol());
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });
  await expect(protocolOf('TLSv1.1')).rejects.toThrow(/protocol version|alert/);
  expect(await protocolOf('TLSv1.2')).toBe('TLSv1.2');
  expect(await protocolOf('TLSv1.3')).toBe('TLSv1.3');
});
