/**
 * Tokens of external issuers whose holders have logged out, known by what the issuer signed. An entry lives as long as
 * its token would.
 */
export abstract class RevokedTokens {
  /** Resolves when every replica refuses the token, rejects with `state_unavailable` when that is not certain. */
  abstract add(digest: string, expiresAt: number): Promise<void>;
  /** True while nobody has taken the token back; a promise only where the shared store must be asked. */
  abstract isGood(digest: string): boolean | Promise<boolean>;
}
