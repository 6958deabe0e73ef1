import { Injectable } from '@nestjs/common';
import { Authenticator } from '../../identity/authentication/authenticator.js';
import { tokenRefused } from '../../identity/identity.errors.js';
import { RefreshToken } from '../../identity/sessions/refresh-token.js';
import type { Session } from '../../identity/sessions/session.js';
import { SessionStore } from '../../identity/sessions/session-store.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { Principal } from '../../kernel/principal.js';
import type { TokenResponse } from './dto/token.response.js';
import { callerOf, tellSessionChange } from './caller.js';
import { SessionGrants } from './session-grants.js';
import { UserDirectory } from './user-directory.js';

/** Login, refresh and logout. */
@Injectable()
export class AuthService {
  constructor(
    private readonly users: UserDirectory,
    private readonly sessions: SessionStore,
    private readonly grants: SessionGrants,
    private readonly authenticator: Authenticator,
  ) {}

  async login(exchange: Exchange, username: string, password: string): Promise<TokenResponse> {
    try {
      const user = await this.users.checkPassword(exchange, username, password);
      const { session, tokens } = await this.grants.open(user);
      tellSessionChange('login', exchange, session.principal);
      return tokens;
    } catch (error) {
      if (isRefusal(error)) tellSessionChange('login-refused', exchange, undefined);
      throw error;
    }
  }

  /**
   * Trades a refresh token for a new pair. The old token stays good until the trade is certain: a user who cannot be
   * asked about keeps the roles of the session, and a failure on the way costs the client nothing.
   */
  async refresh(exchange: Exchange, text: string): Promise<TokenResponse> {
    const presented = RefreshToken.decode(text);
    if (presented === undefined) throw tokenRefused('invalid_token');
    const session = await this.#sessionOf(exchange, presented);
    const lookUp = await this.users.lookUp(exchange, presented.userId);
    if (lookUp.kind === 'gone') return this.#endGone(exchange, session);
    const { roles, projects } = lookUp.kind === 'found' ? lookUp.user : session.principal;
    const { outcome, tokens } = await this.grants.renew(session, presented, { roles, projects });
    switch (outcome) {
      case 'rotated':
        tellSessionChange('refresh', exchange, session.principal);
        return tokens;
      case 'reused':
        tellSessionChange('refresh-reused', exchange, session.principal);
        throw tokenRefused('session_ended');
      case 'unknown':
        throw tokenRefused('session_ended');
    }
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

  /** The living session that the token is of; a forged or outworn token is found out before the backend is asked. */
  async #sessionOf(exchange: Exchange, presented: RefreshToken): Promise<Session> {
    const session = await this.sessions.find(presented.userId, presented.sessionId);
    if (session === undefined) throw tokenRefused('session_ended');
    if (session.familyHash !== presented.familyHash) throw tokenRefused('invalid_token');
    if (session.refreshHash === presented.secretHash) return session;
    await this.sessions.end(presented.userId, presented.sessionId);
    tellSessionChange('refresh-reused', exchange, session.principal);
    throw tokenRefused('session_ended');
  }

  async #endGone(exchange: Exchange, { principal }: Session): Promise<never> {
    await this.sessions.end(principal.userId, principal.sessionId);
    tellSessionChange('ended', exchange, principal);
    throw tokenRefused('session_ended');
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof GatewayError && (error.code === 'invalid_credentials' || error.code === 'rate_limited');
