import { Injectable } from '@nestjs/common';
import { Authorizer } from '../../identity/authorization/authorizer.js';
import { tokenRefused } from '../../identity/identity.errors.js';
import { SessionStore } from '../../identity/sessions/session-store.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { Principal } from '../../kernel/principal.js';
import { callerOf, tellSessionChange } from './caller.js';
import { describeSessions, type SessionsResponse } from './dto/session.response.js';
import type { MeResponse } from './dto/user.response.js';

/** What callers may see and do about themselves. */
@Injectable()
export class OwnSessionsService {
  constructor(
    private readonly sessions: SessionStore,
    private readonly authorizer: Authorizer,
  ) {}

  async me(exchange: Exchange): Promise<MeResponse> {
    const caller = callerOf(exchange);
    if (caller.sessionId === '') return this.#describe(caller, caller.username);
    const session = await this.sessions.find(caller.userId, caller.sessionId);
    if (session === undefined) throw tokenRefused('session_ended');
    return { ...this.#describe(session.principal, session.displayName), session_id: caller.sessionId };
  }

  async list(exchange: Exchange): Promise<SessionsResponse> {
    const { userId, sessionId } = callerOf(exchange);
    return describeSessions(await this.sessions.listByUser(userId), sessionId);
  }

  /** Ends one of the caller's sessions; another user's is as unknown as one that never was. */
  async end(exchange: Exchange, sessionId: string): Promise<void> {
    const { userId } = callerOf(exchange);
    if (!(await this.sessions.end(userId, sessionId))) throw new GatewayError('session_not_found');
    tellSessionChange('ended', exchange, { userId, sessionId });
  }

  /** Ends all of the caller's sessions but the one that asks. */
  async endOthers(exchange: Exchange): Promise<void> {
    const { userId, sessionId } = callerOf(exchange);
    for (const ended of await this.sessions.endAll(userId, sessionId))
      tellSessionChange('ended', exchange, { userId, sessionId: ended });
  }

  #describe(principal: Principal, displayName: string): MeResponse {
    const { userId, username, roles, projects } = principal;
    const permissions = this.authorizer.permissionsOf(principal);
    return { id: userId, username, display_name: displayName, roles, projects, permissions };
  }
}
