import { inspect } from 'node:util';
import { PemFolder, TestAuthority, YESTERDAY, type TestCertificate } from '../../../test/support/certificates.js';
import { loadSettings, SettingsError } from '../config/load-settings.js';
import { readTlsFiles } from './tls-files.js';

describe('TLS files', () => {
  const folder = new PemFolder();
  let authority: TestAuthority;
  let own: TestCertificate;
  let other: TestCertificate;
  const now = Date.now();

  beforeAll(async () => {
    authority = await TestAuthority.create();
    [own, other] = [await authority.issue(), await authority.issue()];
  });
  afterAll(() => {
    folder.remove();
  });

  const faultsOf = (cert: string, key: string, ca: string): readonly string[] | undefined =>
    readTlsFiles(
      'upstream',
      {
        certFile: folder.write('a.crt', cert),
        keyFile: folder.write('a.key', key),
        caFile: folder.write('ca.crt', ca),
      },
      now,
    ).faults;

  it('give what fits together, with the end of the certificate', () => {
    const { cert, key } = folder.writePair('a', own);
    const { content } = readTlsFiles('listener', { certFile: cert, keyFile: key }, now);
    expect(content?.expiresAt).toBeGreaterThan(now);
    expect(content?.serverOptions).toMatchObject({ ...own, minVersion: 'TLSv1.2' });
    expect(faultsOf(own.cert + authority.cert, own.key, authority.cert + other.cert)).toBeUndefined();
  });

  it('are told by the variable and the rule, all at once', async () => {
    const expired = await authority.issue({ notAfter: YESTERDAY });
    const noCertificates = 'the file cannot be read as PEM certificates, of 1 MiB at most';
    const noKey = 'UPSTREAM_KEY_FILE: the file cannot be read as a PEM private key without a passphrase';
    const half = own.cert.slice(0, own.cert.length / 2);
    expect(faultsOf(half, own.key, authority.cert)).toEqual([`UPSTREAM_CERT_FILE: ${noCertificates}`]);
    expect(faultsOf(own.cert + half, own.key, authority.cert)).toEqual([`UPSTREAM_CERT_FILE: ${noCertificates}`]);
    expect(faultsOf(own.cert, own.key, authority.cert + half)).toEqual([`UPSTREAM_CA_FILE: ${noCertificates}`]);
    expect(faultsOf(own.cert, 'none', '')).toEqual([`UPSTREAM_CA_FILE: ${noCertificates}`, noKey]);
    expect(faultsOf('x'.repeat(2_000_000), own.key, authority.cert)).toEqual([`UPSTREAM_CERT_FILE: ${noCertificates}`]);
    expect(faultsOf(own.cert, other.key, expired.cert)).toEqual([
      'UPSTREAM_CA_FILE: all certificates have expired',
      'UPSTREAM_KEY_FILE: the key does not belong to the certificate',
    ]);
    expect(faultsOf(expired.cert, expired.key, authority.cert)).toEqual([
      'UPSTREAM_CERT_FILE: the certificate has expired',
    ]);
  });

  it('show no key when they are printed or written as JSON', () => {
    const { cert, key } = folder.writePair('a', own);
    const { content } = readTlsFiles('listener', { certFile: cert, keyFile: key }, now);
    const shown = inspect(content, { depth: 9, showHidden: true, getters: false }) + JSON.stringify(content);
    expect(shown).toContain('expiresAt');
    expect(shown).not.toContain(own.key.split('\n')[1]);
  });

  it('stop the start, whose message says which and shows neither paths nor contents', () => {
    const { cert } = folder.writePair('a', own);
    const { key } = folder.writePair('b', other);
    const faultsWith = (variables: NodeJS.ProcessEnv): string => {
      try {
        loadSettings({ NODE_ENV: 'test', DATA_DIR: folder.path('data'), ...variables });
        return '';
      } catch (error) {
        return (error as SettingsError).message;
      }
    };
    expect(faultsWith({ TLS_CERT_FILE: cert, REDIS_KEY_FILE: key, UPSTREAM_CA_FILE: folder.path('absent') })).toBe(
      [
        'The settings are not valid:',
        '  - TLS_CERT_FILE: is set together with TLS_KEY_FILE, or neither is',
        '  - UPSTREAM_CA_FILE: the file cannot be read as PEM certificates, of 1 MiB at most',
        '  - REDIS_CERT_FILE: is set together with REDIS_KEY_FILE, or neither is',
      ].join('\n'),
    );
    expect(faultsWith({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key })).toContain('the key does not belong');
    expect(faultsWith({ TLS_CERT_FILE: cert, TLS_KEY_FILE: folder.path('a.key') })).toBe('');
  });
});
