import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509CertificateCreateParams,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as Crypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** A certificate and its key, as PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

interface Wanted {
  /** Host names and addresses it is for; the first is its subject too. */
  readonly names?: readonly string[];
  readonly notAfter?: Date;
}

export const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
export const YESTERDAY = new Date(Date.now() - DAY_MS);

/** A certificate authority of the test's own. */
export class TestAuthority {
  static #serial = 1;

  private constructor(
    private readonly keys: CryptoKeyPair,
    private readonly name: string,
    readonly cert: string,
  ) {}

  static async create(name = 'Test authority'): Promise<TestAuthority> {
    const keys = await newKeys();
    const cert = await TestAuthority.#sign({
      subject: `CN=${name}`,
      issuer: `CN=${name}`,
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(true, 1, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new TestAuthority(keys, name, cert);
  }

  async issue({ names = LOOPBACK, notAfter }: Wanted = {}): Promise<TestCertificate> {
    const keys = await newKeys();
    const alternatives = names.map((value) => ({ type: isIP(value) > 0 ? ('ip' as const) : ('dns' as const), value }));
    const cert = await TestAuthority.#sign({
      subject: `CN=${names[0] ?? 'nobody'}`,
      issuer: `CN=${this.name}`,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      extensions: [new SubjectAlternativeNameExtension(alternatives)],
      ...(notAfter === undefined ? {} : { notAfter }),
    });
    return { cert, key: await pemOf(keys.privateKey) };
  }

  static async #sign(content: X509CertificateCreateParams): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      serialNumber: (TestAuthority.#serial++).toString(16).padStart(4, '0'),
      notBefore: new Date(Date.now() - 10 * DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      signingAlgorithm: ALGORITHM,
      ...content,
    });
    return `${certificate.toString('pem')}\n`;
  }
}

const newKeys = (): Promise<CryptoKeyPair> => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function pemOf(key: CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key as never)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${bytes.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END PRIVATE KEY-----\n`;
}

/** A folder of PEM files; each is replaced at once, as a mounted Secret is. */
export class PemFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'certificates-'));

  path(name: string): string {
    return join(this.#folder, name);
  }

  write(name: string, content: string): string {
    writeFileSync(this.path(`${name}.next`), content);
    renameSync(this.path(`${name}.next`), this.path(name));
    return this.path(name);
  }

  /** Writes `<name>.crt` and `<name>.key`. */
  writePair(name: string, { cert, key }: TestCertificate): { readonly cert: string; readonly key: string } {
    return { key: this.write(`${name}.key`, key), cert: this.write(`${name}.crt`, cert) };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;
