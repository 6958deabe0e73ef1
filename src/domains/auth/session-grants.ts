import { Injectable } from '@nestjs/common';
import { stateUnavailable } from '../../identity/identity.errors.js';
import { newSessionId, type Session } from '../../identity/sessions/session.js';
import { SessionLife } from '../../identity/sessions/session-life.js';
import { RefreshToken } from '../../identity/sessions/refresh-token.js';
import { SessionStore } from '../../identity/sessions/session-store.js';
import { AccessTokenIssuer } from '../../identity/tokens/access-token-issuer.js';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../kernel/config/settings.js';
import type { Rights } from '../../kernel/principal.js';
import type { DirectoryUser } from './directory-user.js';
import type { TokenResponse } from './dto/token.response.js';

/** As the store's RotationOutcome, with the pair of tokens that the client gets. */
export type Renewal =
  { readonly kind: 'rotated' | 'repeated'; readonly tokens: TokenResponse } | { readonly kind: 'reused' | 'unknown' };

/** Opens sessions and renews them: the pair of tokens that a login or a refresh yields. */
@Injectable()
export class SessionGrants {
  readonly #life: SessionLife;

  constructor(
    private readonly sessions: SessionStore,
    private readonly issuer: AccessTokenIssuer,
    private readonly clock: Clock,
    settings: Settings,
  ) {
    this.#life = new SessionLife(settings.identity);
  }

  async open(user: DirectoryUser): Promise<{ session: Session; tokens: TokenResponse }> {
    const { id: userId, username, displayName, roles, projects } = user;
    const now = this.clock.now();
    const sessionId = newSessionId();
    const refreshToken = RefreshToken.first(userId, sessionId);
    const session: Session = {
      principal: { userId, username, sessionId, roles, projects },
      displayName,
      createdAt: now,
      lastSeenAt: now,
      idleMs: this.#life.idleMsOf(roles),
      expiresAt: now + this.#life.maxAgeMs,
      familyHash: refreshToken.familyHash,
      refreshHash: refreshToken.secretHash,
    };
    await this.sessions.create(session);
    return { session, tokens: await this.#tokens(session, refreshToken) };
  }

  /**
   * Who repeats the token before the newest within the grace gets the newest once more, and an access token besides: the
   * session goes on in one line, so that of two holders one comes too late at the next refresh and both are found out.
   */
  async renew(session: Session, presented: RefreshToken, { roles, projects }: Rights): Promise<Renewal> {
    const next = presented.next();
    const outcome = await this.sessions.rotate({
      userId: presented.userId,
      sessionId: presented.sessionId,
      familyHash: presented.familyHash,
      presentedHash: presented.secretHash,
      nextHash: next.secretHash,
      successor: presented.seal(next),
      ...{ roles, projects },
    });
    const renewed: Session = {
      ...session,
      principal: { ...session.principal, roles, projects },
      idleMs: this.#life.idleMsOf(roles),
    };
    switch (outcome.kind) {
      case 'rotated':
        return { kind: outcome.kind, tokens: await this.#tokens(renewed, next) };
      case 'repeated': {
        const newest = presented.open(outcome.successor);
        if (newest === undefined) throw stateUnavailable();
        return { kind: outcome.kind, tokens: await this.#tokens(renewed, newest) };
      }
      default:
        return { kind: outcome.kind };
    }
  }

  async #tokens(session: Session, refreshToken: RefreshToken): Promise<TokenResponse> {
    const { principal, displayName, idleMs, expiresAt } = session;
    const leftMs = Math.min(idleMs, expiresAt - this.clock.now());
    return {
      access_token: await this.issuer.issue(principal),
      refresh_token: refreshToken.encode(),
      token_type: 'Bearer',
      expires_in: this.issuer.ttlSeconds,
      refresh_expires_in: Math.max(0, Math.floor(leftMs / 1000)),
      user: {
        id: principal.userId,
        username: principal.username,
        display_name: displayName,
        roles: principal.roles,
        projects: principal.projects,
      },
    };
  }
}
