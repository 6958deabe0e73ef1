import { createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { IdentitySettings } from '../../kernel/config/settings.js';
import type { SigningAlgorithm, SigningKey } from '../../kernel/config/signing-keys.js';

/** Tells access tokens from every other JWT (RFC 9068 section 2.1, RFC 8725 section 3.11). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** Allowed difference between the clocks of the replicas, and between ours and an issuer's. */
export const CLOCK_SKEW_SECONDS = 5;

export const SECRET_ALGORITHM = 'HS256';
export const OWN_ALGORITHMS = [SECRET_ALGORITHM, 'RS256', 'ES256', 'EdDSA'] as const;
export type OwnAlgorithm = (typeof OWN_ALGORITHMS)[number];

export interface Signer {
  readonly algorithm: OwnAlgorithm;
  /** Absent for the secret, of which there is one. */
  readonly kid?: string;
  readonly key: KeyObject;
}

/** A public key as JWKS consumers read it (RFC 7517). */
export interface PublicJwk extends JsonWebKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
}

/** What signs and verifies access tokens. Keys are objects, for a string is turned into one on every call. */
export class TokenKeys {
  readonly issuer: string;
  readonly audience: string;
  readonly #secret: KeyObject | undefined;
  #onReplaced: () => void = () => undefined;
  #onUnknown: () => void = () => undefined;
  #keys: ReadonlyMap<string, SigningKey>;
  #signer: Signer;

  constructor(settings: Pick<IdentitySettings, 'jwtSecret' | 'issuer' | 'audience'>, keys: readonly SigningKey[] = []) {
    this.issuer = settings.issuer;
    this.audience = settings.audience;
    this.#secret =
      settings.jwtSecret === undefined ? undefined : createSecretKey(Buffer.from(settings.jwtSecret, 'utf8'));
    this.#keys = byKid(keys);
    this.#signer = signerOf(keys, this.#secret);
  }

  get signer(): Signer {
    return this.#signer;
  }

  /** The public parts, for others to verify our tokens with; empty where the secret signs. */
  get published(): readonly PublicJwk[] {
    return [...this.#keys.values()].map(publicJwkOf);
  }

  /** The key that a header asks for, which is good for its own algorithm only. */
  find(algorithm: string, kid: string | undefined): KeyObject | undefined {
    if (kid === undefined) return algorithm === SECRET_ALGORITHM ? this.#secret : undefined;
    if (!this.#keys.has(kid)) this.#onUnknown();
    const key = this.#keys.get(kid);
    return key?.algorithm === algorithm ? key.publicKey : undefined;
  }

  /** Keys that are not among the new ones verify nothing from now on. False where they are the same in the same order. */
  replace(keys: readonly SigningKey[]): boolean {
    const before = JSON.stringify(this.published);
    this.#keys = byKid(keys);
    this.#signer = signerOf(keys, this.#secret);
    if (JSON.stringify(this.published) === before) return false;
    this.#onReplaced();
    return true;
  }

  /** Has `listener` called after every replacement: what was verified before may not hold any more. */
  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  /** Has `look` called when a token names a key that is not here; what it finds it gives to `replace`. */
  onUnknown(look: () => void): void {
    this.#onUnknown = look;
  }
}

export const publicJwkOf = ({ kid, algorithm, publicKey }: SigningKey): PublicJwk => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg: algorithm,
  use: 'sig',
});

const byKid = (keys: readonly SigningKey[]): ReadonlyMap<string, SigningKey> =>
  new Map(keys.map((key) => [key.kid, key]));

function signerOf([first]: readonly SigningKey[], secret: KeyObject | undefined): Signer {
  if (first !== undefined) return { algorithm: first.algorithm, kid: first.kid, key: first.privateKey };
  if (secret === undefined) throw new Error('there is neither a key nor a secret to sign with');
  return { algorithm: SECRET_ALGORITHM, key: secret };
}
