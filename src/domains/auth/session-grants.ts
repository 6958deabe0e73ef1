import { Injectable } from '@nestjs/common';
import { newSessionId, sessionLifeFrom, type Session } from '../../identity/sessions/session.js';
import { RefreshToken } from '../../identity/sessions/refresh-token.js';
import { SessionStore, type RotationOutcome } from '../../identity/sessions/session-store.js';
import { AccessTokenIssuer } from '../../identity/tokens/access-token-issuer.js';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../kernel/config/settings.js';
import type { Rights } from '../../kernel/principal.js';
import type { DirectoryUser } from './directory-user.js';
import type { TokenResponse } from './dto/token.response.js';

export interface Renewal {
  readonly outcome: RotationOutcome;
  /** What the client gets if the outcome is `rotated`. */
  readonly tokens: TokenResponse;
}

/** Opens sessions and renews them: the pair of tokens that a login or a refresh yields. */
@Injectable()
export class SessionGrants {
  constructor(
    private readonly sessions: SessionStore,
    private readonly issuer: AccessTokenIssuer,
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  async open({
    id,
    username,
    displayName,
    roles,
    projects,
  }: DirectoryUser): Promise<{ session: Session; tokens: TokenResponse }> {
    const now = this.clock.now();
    const sessionId = newSessionId();
    const refreshToken = RefreshToken.first(id, sessionId);
    const session: Session = {
      principal: { userId: id, username, sessionId, roles, projects },
      displayName,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + sessionLifeFrom(this.settings.identity).maxAgeMs,
      familyHash: refreshToken.familyHash,
      refreshHash: refreshToken.secretHash,
    };
    await this.sessions.create(session);
    return { session, tokens: await this.#tokens(session, refreshToken) };
  }

  async renew(session: Session, presented: RefreshToken, rights: Rights): Promise<Renewal> {
    const next = presented.next();
    const outcome = await this.sessions.rotate({
      userId: presented.userId,
      sessionId: presented.sessionId,
      familyHash: presented.familyHash,
      presentedHash: presented.secretHash,
      nextHash: next.secretHash,
      ...rights,
    });
    const renewed: Session = { ...session, principal: { ...session.principal, ...rights } };
    return { outcome, tokens: await this.#tokens(renewed, next) };
  }

  async #tokens({ principal, displayName, expiresAt }: Session, refreshToken: RefreshToken): Promise<TokenResponse> {
    const { idleMs } = sessionLifeFrom(this.settings.identity);
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
