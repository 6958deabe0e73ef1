import type { Rights } from '../../kernel/principal.js';
import type { Session } from './session.js';

export interface Rotation extends Rights {
  readonly userId: string;
  readonly sessionId: string;
  /** SHA-256 of the presented refresh token's secret and of its family's. */
  readonly familyHash: string;
  readonly presentedHash: string;
  readonly nextHash: string;
  /** The next token, sealed by the presented one. */
  readonly successor: string;
}

/**
 * `rotated`: the session now holds the next hash and the rights. `repeated`: the token is the one before the newest and
 * was replaced within the grace; `successor` is the newest as it was sealed then. `reused`: the token was of this session
 * but no longer its newest, so somebody holds a copy; the session has been ended. `unknown`: no such living session or
 * family.
 */
export type RotationOutcome =
  { readonly kind: 'rotated' | 'reused' | 'unknown' } | { readonly kind: 'repeated'; readonly successor: string };

/**
 * Where sessions live. Ended and expired sessions are as if they had never been. Every method rejects with
 * `state_unavailable` when the store cannot answer.
 */
export abstract class SessionStore {
  /** Keeps a new session; ends the user's longest unused one when there would be too many. */
  abstract create(session: Session): Promise<void>;
  abstract find(userId: string, sessionId: string): Promise<Session | undefined>;
  /**
   * Replaces the refresh token in one step: of any number of parallel calls with one token at most one rotates. An old
   * token ends the session, unless it is the one before the newest and within the grace.
   */
  abstract rotate(rotation: Rotation): Promise<RotationOutcome>;
  /** Notes that the session is in use. */
  abstract touch(userId: string, sessionId: string): Promise<void>;
  /** Ends a session; false when there was none. */
  abstract end(userId: string, sessionId: string): Promise<boolean>;
  /** Ends a user's sessions, but for the one named; gives the ids of those that ended. */
  abstract endAll(userId: string, exceptId?: string): Promise<readonly string[]>;
  /** Gives a user's living sessions these rights; gives the ids of those that had others. */
  abstract setRights(userId: string, rights: Rights): Promise<readonly string[]>;
  /** A user's living sessions, newest first. */
  abstract listByUser(userId: string): Promise<readonly Session[]>;
}
