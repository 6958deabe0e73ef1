import { Injectable } from '@nestjs/common';
import { SessionStore } from '../../identity/sessions/session-store.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Exchange } from '../../kernel/exchange.js';
import { callerOf, tellSessionChange } from './caller.js';
import { describeSessions, type SessionsResponse } from './dto/session.response.js';

/** What administrators may see and do about the sessions of others. */
@Injectable()
export class UserSessionsService {
  constructor(private readonly sessions: SessionStore) {}

  async list(exchange: Exchange, userId: string): Promise<SessionsResponse> {
    return describeSessions(await this.sessions.listByUser(userId), callerOf(exchange).sessionId);
  }

  async endAll(exchange: Exchange, userId: string): Promise<void> {
    for (const sessionId of await this.sessions.endAll(userId)) tellEnded(exchange, userId, sessionId);
  }

  async end(exchange: Exchange, userId: string, sessionId: string): Promise<void> {
    if (!(await this.sessions.end(userId, sessionId)))
      throw new GatewayError('session_not_found', { reason: 'The user has no such session.' });
    tellEnded(exchange, userId, sessionId);
  }
}

const tellEnded = (exchange: Exchange, userId: string, sessionId: string): void => {
  tellSessionChange('ended', exchange, { userId, sessionId }, callerOf(exchange).userId);
};
