import { createHash } from 'node:crypto';
import type { CryptoKey, JWTHeaderParameters } from 'jose';
import type { Clock } from '../../kernel/clock.js';
import type { ExternalIssuer } from '../../kernel/config/external-issuers.js';
import { tokenRefused } from '../identity.errors.js';
import { verifySignedJwt } from '../tokens/signed-jwt.js';
import type { ExternalToken, TokenCheck } from '../tokens/verified-token.js';
import { EXTERNAL_HEADER, readExternalClaims } from './external-claims.js';
import type { IssuerKeys } from './issuer-keys.js';

/** Checks the tokens of one external issuer. */
export class ExternalTokenCheck implements TokenCheck {
  constructor(
    private readonly issuer: ExternalIssuer,
    private readonly keys: Pick<IssuerKeys, 'find'>,
    private readonly clock: Clock,
  ) {}

  async check(token: string): Promise<ExternalToken> {
    const now = this.clock.now();
    const { payload } = await verifySignedJwt(token, (header) => this.#keyFor(header), this.issuer, now);
    return { kind: 'external', ...readExternalClaims(payload, this.issuer, now), digest: digestOf(token) };
  }

  /** A header that is not acceptable does not get as far as having the issuer asked. */
  #keyFor(header: JWTHeaderParameters): Promise<CryptoKey> {
    if (!EXTERNAL_HEADER.safeParse(header).success) throw tokenRefused('invalid_token');
    return this.keys.find(header);
  }
}

const digestOf = (token: string): string =>
  createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url');
