import { randomBytes } from 'node:crypto';
import type { Principal } from '../../kernel/principal.js';

/** One login and all the tokens that came of it. Times are epoch milliseconds. */
export interface Session {
  readonly principal: Principal;
  readonly displayName: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** Silence in milliseconds that ends it; by the roles it holds now. */
  readonly idleMs: number;
  /** The absolute end, whatever happens. */
  readonly expiresAt: number;
  /** SHA-256 (base64url) of the secret that all refresh tokens of this session share. */
  readonly familyHash: string;
  /** SHA-256 (base64url) of the secret of the newest refresh token, the only one that is still good. */
  readonly refreshHash: string;
}

/** Sessions of one user at once; a login beyond them ends the one used longest ago. */
export const MAX_SESSIONS_PER_USER = 32;

const SESSION_ID_BYTES = 16;

export const newSessionId = (): string => `ses_${randomBytes(SESSION_ID_BYTES).toString('hex')}`;

export const isAlive = ({ lastSeenAt, idleMs, expiresAt }: Session, now: number): boolean =>
  now < expiresAt && now < lastSeenAt + idleMs;
