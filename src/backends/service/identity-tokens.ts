import { createSecretKey, type KeyObject } from 'node:crypto';
import { createSigner } from 'fast-jwt';
import { decodeProtectedHeader, jwtVerify, type CryptoKey, type JWTHeaderParameters } from 'jose';
import { LRUCache } from 'lru-cache';
import type { BackendClock } from './clock.js';
import type { GatewayKeys } from './gateway-keys.js';
import {
  AUDIENCE,
  CLOCK_SKEW_SECONDS,
  GATEWAY,
  identityFrom,
  isCurrent,
  MAX_LIFE_SECONDS,
  PEER,
  TYPE,
} from './identity-claims.js';
import { identityInvalid, type Identity } from './identity.js';
import { BackendProblem } from './problem.js';

const SECRET_ALGORITHM = 'HS256';
const KEY_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const MAX_TOKEN_CHARACTERS = 24_576;
/** All verified tokens together; the least recently used give way. */
const REMEMBERED_CHARACTERS = 8 * 1024 * 1024;

interface Verified {
  readonly identity: Identity;
  readonly iat: number;
  readonly exp: number;
  readonly keysVersion: number;
}

/** What a signature of one sort can vouch for. */
interface Voucher {
  readonly algorithms: string[];
  readonly issuers: string[];
  readonly keyOf: (header: JWTHeaderParameters) => KeyObject | Promise<CryptoKey>;
}

/**
 * Verifies `x-genoflow-identity`, a JWT (RFC 7519) of at most 60 s, and signs those for peers. Algorithm, issuer, audience
 * and type are pinned. The secret that the services share vouches for peers, and for the gateway only where that has no
 * keys: where it has, nobody but the gateway can speak as the gateway.
 */
export class IdentityTokens {
  private readonly bySecret: Voucher;
  private readonly byKey: Voucher | undefined;
  private readonly signature: (claims: Record<string, unknown>) => string;
  private readonly verified = new LRUCache<string, Verified>({
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (_verified, token) => token.length,
  });

  constructor(
    secret: string,
    private readonly clock: BackendClock,
    private readonly keys?: GatewayKeys,
  ) {
    const header = { alg: SECRET_ALGORITHM, typ: TYPE };
    this.signature = createSigner({ key: secret, algorithm: SECRET_ALGORITHM, iss: PEER, aud: AUDIENCE, header });
    const key = createSecretKey(Buffer.from(secret, 'utf8'));
    const issuers = keys === undefined ? [GATEWAY, PEER] : [PEER];
    this.bySecret = { algorithms: [SECRET_ALGORITHM], issuers, keyOf: () => key };
    this.byKey =
      keys === undefined
        ? undefined
        : { algorithms: KEY_ALGORITHMS, issuers: [GATEWAY], keyOf: (asked) => keys.find(asked) };
  }

  /** A token of this service's own; on behalf of a user it stays a user's. */
  sign({ kind, userId, username, sessionId, roles, projects }: Identity): string {
    const iat = Math.floor(this.clock.now() / 1000);
    const who = { sub: userId, name: username, sid: sessionId, kind: kind === 'user' ? kind : 'peer' };
    return this.signature({ ...who, roles, projects, iat, exp: iat + MAX_LIFE_SECONDS });
  }

  /**
   * Rejects with 401 `identity_invalid` for everything that is not a current token of ours, and with 503
   * `gateway_keys_unavailable` where nobody can say.
   */
  async verify(token: string | undefined): Promise<Identity> {
    if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) throw identityInvalid();
    const known = this.verified.get(token);
    const verified = known?.keysVersion === this.keysVersion ? known : await this.check(token);
    if (!isCurrent(verified, this.clock.now() / 1000)) throw identityInvalid();
    return verified.identity;
  }

  private get keysVersion(): number {
    return this.keys?.version ?? 0;
  }

  private async check(token: string): Promise<Verified> {
    // Before the check: keys that change meanwhile have this token checked again.
    const { keysVersion } = this;
    try {
      const { algorithms, issuers, keyOf } = this.voucherOf(token);
      const { protectedHeader, payload } = await jwtVerify(token, keyOf, {
        algorithms,
        issuer: issuers,
        audience: AUDIENCE,
        typ: TYPE,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: new Date(this.clock.now()),
      });
      const verified = { ...identityFrom(protectedHeader, payload), keysVersion };
      this.verified.set(token, verified);
      return verified;
    } catch (error) {
      throw error instanceof BackendProblem ? error : identityInvalid();
    }
  }

  private voucherOf(token: string): Voucher {
    const { alg } = decodeProtectedHeader(token);
    const voucher = alg === SECRET_ALGORITHM ? this.bySecret : this.byKey;
    if (voucher === undefined) throw identityInvalid();
    return voucher;
  }
}
