import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { FileReading } from '../config/json-file.js';
import { TlsMaterial, type TlsPem } from './tls-material.js';

/** What TLS is for: those who call us, the backends, the shared store. */
export type TlsUse = 'listener' | 'upstream' | 'redis';

/** Absolute paths. `certFile` and `keyFile` come together. */
export interface TlsFiles {
  /** Certificates that are trusted instead of the system's. */
  readonly caFile?: string;
  /** Our own certificate and those between it and the root, in this order. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where TLS material is, and what was there at the start. */
export interface TlsSource {
  readonly files: TlsFiles;
  readonly material: TlsMaterial;
}

/** The system's roots, and no certificate of our own. */
export const SYSTEM_TLS: TlsSource = { files: {}, material: new TlsMaterial() };

/** The environment variables that name the files. */
export const TLS_VARIABLES = {
  listener: { certFile: 'TLS_CERT_FILE', keyFile: 'TLS_KEY_FILE' },
  upstream: { caFile: 'UPSTREAM_CA_FILE', certFile: 'UPSTREAM_CERT_FILE', keyFile: 'UPSTREAM_KEY_FILE' },
  redis: { caFile: 'REDIS_CA_FILE', certFile: 'REDIS_CERT_FILE', keyFile: 'REDIS_KEY_FILE' },
} as const satisfies Record<TlsUse, TlsFiles>;

const MAX_FILE_BYTES = 1_048_576;
const BEGIN = '-----BEGIN CERTIFICATE-----';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads the files and holds them against each other and the time; names variables and rules, never what the files hold. */
export function readTlsFiles(use: TlsUse, files: TlsFiles, now: number): FileReading<TlsMaterial> {
  const names: TlsFiles = TLS_VARIABLES[use];
  const faults: string[] = [];
  const note = (name: string | undefined, fault: string | undefined): void => {
    if (fault !== undefined) faults.push(`${name ?? ''}: ${fault}`);
  };
  const ca = textOf(files.caFile);
  const cert = textOf(files.certFile);
  const key = textOf(files.keyFile);
  const leaf = certificatesOf(cert)?.[0];
  const privateKey = privateKeyOf(key);
  if (files.caFile !== undefined) note(names.caFile, caFault(certificatesOf(ca), now));
  if (files.certFile !== undefined) note(names.certFile, leafFault(leaf, now));
  if (files.keyFile !== undefined) note(names.keyFile, keyFault(privateKey, leaf));
  const pem: TlsPem = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  if (faults.length === 0) note(names.certFile ?? names.caFile, contextFault(pem));
  if (faults.length > 0) return { faults };
  return { content: new TlsMaterial(pem, leaf === undefined ? undefined : endOf(leaf)) };
}

function textOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return statSync(path).size > MAX_FILE_BYTES ? undefined : readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Undefined for a text with none, or with one that is not whole. */
function certificatesOf(text = ''): X509Certificate[] | undefined {
  const blocks = text.match(CERTIFICATE);
  if (blocks === null || blocks.length !== text.split(BEGIN).length - 1) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function privateKeyOf(text: string | undefined): KeyObject | undefined {
  try {
    return text === undefined ? undefined : createPrivateKey(text);
  } catch {
    return undefined;
  }
}

const endOf = (certificate: X509Certificate): number => Date.parse(certificate.validTo);

const NO_CERTIFICATES = 'the file cannot be read as PEM certificates, of 1 MiB at most';

// Bundles hold old roots beside new ones.
function caFault(certificates: readonly X509Certificate[] | undefined, now: number): string | undefined {
  if (certificates === undefined) return NO_CERTIFICATES;
  return certificates.some((certificate) => endOf(certificate) > now) ? undefined : 'all certificates have expired';
}

function leafFault(leaf: X509Certificate | undefined, now: number): string | undefined {
  if (leaf === undefined) return NO_CERTIFICATES;
  return endOf(leaf) > now ? undefined : 'the certificate has expired';
}

function keyFault(key: KeyObject | undefined, leaf: X509Certificate | undefined): string | undefined {
  if (key === undefined) return 'the file cannot be read as a PEM private key without a passphrase';
  return leaf === undefined || leaf.checkPrivateKey(key) ? undefined : 'the key does not belong to the certificate';
}

function contextFault(pem: TlsPem): string | undefined {
  try {
    createSecureContext(pem);
    return undefined;
  } catch {
    return 'the certificate cannot be used for TLS';
  }
}
