import type { Session } from './session.js';

export interface Rotation {
  readonly userId: string;
  readonly sessionId: string;
  /** SHA-256 of the presented refresh token's secret and of its family's. */
  readonly familyHash: string;
  readonly presentedHash: string;
  readonly nextHash: string;
  /** Roles and projects from now on. */
  readonly roles: readonly string[];
  readonly projects: readonly string[];
}

/**
 * `rotated`: the session now holds the next hash and the roles. `reused`: the token was of this session but no longer
 * its newest, so somebody holds a copy; the session has been ended. `unknown`: no such living session or family.
 */
export type RotationOutcome = 'rotated' | 'reused' | 'unknown';

/**
 * Where sessions live. Ended and expired sessions are as if they had never been. Every method rejects with
 * `state_unavailable` when the store cannot answer.
 */
export abstract class SessionStore {
  /** Keeps a new session; ends the user's longest unused one when there would be too many. */
  abstract create(session: Session): Promise<void>;
  abstract find(userId: string, sessionId: string): Promise<Session | undefined>;
  /** Replaces the refresh token in one step: of any number of parallel calls with one token at most one rotates. */
  abstract rotate(rotation: Rotation): Promise<RotationOutcome>;
  /** Notes that the session is in use. */
  abstract touch(userId: string, sessionId: string): Promise<void>;
  /** Ends a session; false when there was none. */
  abstract end(userId: string, sessionId: string): Promise<boolean>;
  /** A user's living sessions, newest first. */
  abstract listByUser(userId: string): Promise<readonly Session[]>;
}
