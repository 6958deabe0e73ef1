import type { Principal } from '../../kernel/principal.js';

/** A token of the gateway's own: it counts as long as its session lives. */
export interface SessionToken {
  readonly kind: 'session';
  readonly userId: string;
  readonly sessionId: string;
  /** Epoch milliseconds until which the token is taken, skew included. */
  readonly expiresAt: number;
}

/** A token of an external issuer: it counts until its end, or until its holder logs out. */
export interface ExternalToken {
  readonly kind: 'external';
  readonly principal: Principal;
  /** SHA-256 (base64url) of what the issuer signed: a signature can be respelled (ECDSA has two for each), this cannot. */
  readonly digest: string;
  readonly expiresAt: number;
}

export type VerifiedToken = SessionToken | ExternalToken;

/** The costly check of one issuer's tokens; rejects with `invalid_token`, `expired_token` or `issuer_unavailable`. */
export interface TokenCheck {
  check(token: string): Promise<VerifiedToken>;
}
