import { randomBytes } from 'node:crypto';
import type { IdentitySettings } from '../../kernel/config/settings.js';
import type { Principal } from '../../kernel/principal.js';

/** One login and all the tokens that came of it. Times are epoch milliseconds. */
export interface Session {
  readonly principal: Principal;
  readonly displayName: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  /** The absolute end, whatever happens. */
  readonly expiresAt: number;
  /** SHA-256 (base64url) of the secret that all refresh tokens of this session share. */
  readonly familyHash: string;
  /** SHA-256 (base64url) of the secret of the only refresh token that is still good. */
  readonly refreshHash: string;
}

/** How long sessions live, in milliseconds. */
export interface SessionLife {
  readonly idleMs: number;
  readonly maxAgeMs: number;
}

export const sessionLifeFrom = (
  settings: Pick<IdentitySettings, 'sessionIdleSeconds' | 'sessionMaxAgeSeconds'>,
): SessionLife => ({ idleMs: settings.sessionIdleSeconds * 1000, maxAgeMs: settings.sessionMaxAgeSeconds * 1000 });

/** Sessions of one user at once; a login beyond them ends the one used longest ago. */
export const MAX_SESSIONS_PER_USER = 32;

const SESSION_ID_BYTES = 16;

export const newSessionId = (): string => `ses_${randomBytes(SESSION_ID_BYTES).toString('hex')}`;

export const isAlive = (session: Session, life: SessionLife, now: number): boolean =>
  now < session.expiresAt && now < session.lastSeenAt + life.idleMs;
