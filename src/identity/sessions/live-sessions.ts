import type { Principal } from '../../kernel/principal.js';

/** Asked on every request: is this session alive, and whose is it? Counts as use of the session. */
export abstract class LiveSessions {
  /**
   * The session's principal with the roles it holds now, or undefined when it has ended; a promise only where the
   * shared store must be asked. Throws or rejects with `state_unavailable` when it cannot answer.
   */
  abstract principalOf(userId: string, sessionId: string): Principal | undefined | Promise<Principal | undefined>;
}
