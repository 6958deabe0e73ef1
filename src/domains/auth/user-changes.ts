import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SessionStore } from '../../identity/sessions/session-store.js';
import { Clock } from '../../kernel/clock.js';
import { sessionChanged, type SessionChanged } from '../../kernel/events.js';
import type { UserChange } from './directory-user.js';

const REMEMBERED = 20_000;

interface Heard {
  readonly change: UserChange;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Brings what has become of a user to the user's sessions, wherever they are used. */
@Injectable()
export class UserChanges {
  /** Those heard of longest ago give way. */
  readonly #heard = new LRUCache<string, Heard>({ max: REMEMBERED });

  constructor(
    private readonly sessions: SessionStore,
    private readonly clock: Clock,
  ) {}

  /** Ends the sessions of a disabled user, gives any other's the rights of now; rejects with `state_unavailable`. */
  async apply(change: UserChange): Promise<void> {
    this.#heard.set(change.id, { change, at: this.clock.monotonic() });
    await this.#bring(change);
  }

  /** For `settle`: to be asked before the auth service is asked about a user. */
  now(): number {
    return this.clock.monotonic();
  }

  /**
   * To be called when a session was written with what the auth service had said since `askedAt`: a change heard of
   * meanwhile has not reached it, or was written over. False where the user is disabled and the session has been ended.
   */
  async settle(userId: string, askedAt: number): Promise<boolean> {
    const heard = this.#heard.get(userId);
    if (heard === undefined || heard.at < askedAt) return true;
    await this.#bring(heard.change);
    return !heard.change.disabled;
  }

  async #bring({ id, disabled, roles, projects }: UserChange): Promise<void> {
    if (disabled) tell('ended', id, await this.sessions.endAll(id));
    else tell('rights-changed', id, await this.sessions.setRights(id, { roles, projects }));
  }
}

function tell(change: SessionChanged['change'], userId: string, sessionIds: readonly string[]): void {
  for (const sessionId of sessionIds)
    sessionChanged.publish({ change, exchangeId: undefined, userId, sessionId, clientAddress: undefined });
}
