import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

/** What the files held: certificates and the key that belongs to the first of them, each as PEM. */
export interface TlsPem {
  /** Certificates that are trusted instead of the system's. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Older versions are broken (RFC 8996); said outright, for Node's own floor can be lowered from outside. */
const MIN_VERSION = 'TLSv1.2';

/**
 * Who we are and whom we trust on connections by TLS. Its key shows in no log and no document: what it holds is private, and
 * whoever prints or serialises it sees the date.
 */
export class TlsMaterial {
  readonly #pem: TlsPem;
  #context: SecureContext | undefined;

  constructor(
    pem: TlsPem = {},
    /** Of the certificate, milliseconds since the Unix epoch; undefined where there is none. */
    readonly expiresAt?: number,
  ) {
    this.#pem = pem;
  }

  /** As a server takes it. */
  get serverOptions(): SecureContextOptions {
    // A client that renegotiates costs a handshake each time and gains nothing.
    return { ...this.#pem, minVersion: MIN_VERSION, secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
  }

  /** For connections of our own; the same object for as long as the material is. */
  get clientContext(): SecureContext {
    return (this.#context ??= createSecureContext({ ...this.#pem, minVersion: MIN_VERSION }));
  }

  equals(other: TlsMaterial): boolean {
    const [mine, theirs] = [this.#pem, other.#pem];
    return mine.ca === theirs.ca && mine.cert === theirs.cert && mine.key === theirs.key;
  }
}
