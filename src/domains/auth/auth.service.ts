import { Injectable } from '@nestjs/common';
import { Authenticator } from '../../identity/authentication/authenticator.js';
import { tokenRefused } from '../../identity/identity.errors.js';
import { RefreshToken } from '../../identity/sessions/refresh-token.js';
import type { Session } from '../../identity/sessions/session.js';
import { SessionStore } from '../../identity/sessions/session-store.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { Principal, Rights } from '../../kernel/principal.js';
import type { TokenResponse } from './dto/token.response.js';
import { callerOf, tellSessionChange } from './caller.js';
import { SessionGrants } from './session-grants.js';
import { UserChanges } from './user-changes.js';
import { UserDirectory } from './user-directory.js';

/** Refresh and logout. */
@Injectable()
export class AuthService {
  constructor(
    private readonly users: UserDirectory,
    private readonly sessions: SessionStore,
    private readonly grants: SessionGrants,
    private readonly changes: UserChanges,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * Trades a refresh token for a new pair. The old token stays good until the trade is certain: a user who cannot be
   * asked about keeps the rights of the session, and a failure on the way costs the client nothing.
   */
  async refresh(exchange: Exchange, text: string): Promise<TokenResponse> {
    const presented = RefreshToken.decode(text);
    if (presented === undefined) throw tokenRefused('invalid_token');
    const session = await this.#sessionOf(presented);
    const askedAt = this.changes.now();
    // An old token is a matter for the store; the auth service need not be asked about its holder.
    const isNewest = session.refreshHash === presented.secretHash;
    const rights = isNewest ? await this.#rightsNow(exchange, session) : session.principal;
    const renewal = await this.grants.renew(session, presented, rights);
    switch (renewal.kind) {
      case 'rotated':
      case 'repeated':
        tellSessionChange(renewal.kind === 'rotated' ? 'refresh' : 'refresh-repeated', exchange, session.principal);
        if (await this.changes.settle(presented.userId, askedAt)) return renewal.tokens;
        break;
      case 'reused':
        tellSessionChange('refresh-reused', exchange, session.principal);
        break;
      case 'unknown':
    }
    throw tokenRefused('session_ended');
  }

  /**
   * Ends the caller's session, and that of the refresh token if it is another one of the caller's. The token of an external
   * issuer, which has no session here, is taken back.
   */
  async logout(exchange: Exchange, refreshToken: string | undefined): Promise<void> {
    const principal = callerOf(exchange);
    if (principal.sessionId === '') return this.#takeBack(exchange, principal);
    await this.sessions.end(principal.userId, principal.sessionId);
    tellSessionChange('logout', exchange, principal);
    const other = refreshToken === undefined ? undefined : RefreshToken.decode(refreshToken);
    if (other?.userId !== principal.userId || other.sessionId === principal.sessionId) return;
    const session = await this.sessions.find(other.userId, other.sessionId);
    if (session?.familyHash !== other.familyHash) return;
    await this.sessions.end(other.userId, other.sessionId);
    tellSessionChange('logout', exchange, session.principal);
  }

  async #takeBack(exchange: Exchange, principal: Principal): Promise<void> {
    await this.authenticator.takeBack(exchange.requestFields);
    tellSessionChange('logout', exchange, principal);
  }

  /** The living session that the token is of; a forged token is found out before the backend is asked. */
  async #sessionOf(presented: RefreshToken): Promise<Session> {
    const session = await this.sessions.find(presented.userId, presented.sessionId);
    if (session === undefined) throw tokenRefused('session_ended');
    if (session.familyHash !== presented.familyHash) throw tokenRefused('invalid_token');
    return session;
  }

  async #rightsNow(exchange: Exchange, { principal }: Session): Promise<Rights> {
    const lookUp = await this.users.lookUp(exchange, principal.userId);
    switch (lookUp.kind) {
      case 'found':
        return lookUp.user;
      case 'unanswered':
        return principal;
      case 'gone':
        await this.sessions.end(principal.userId, principal.sessionId);
        tellSessionChange('ended', exchange, principal);
        throw tokenRefused('session_ended');
    }
  }
}
