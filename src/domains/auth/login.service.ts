import { Injectable } from '@nestjs/common';
import { invalidCredentials } from '../../identity/identity.errors.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Exchange } from '../../kernel/exchange.js';
import { LoginGuesses } from '../../traffic/guesses/login-guesses.js';
import { tellSessionChange } from './caller.js';
import type { LoginRequest } from './dto/login.request.js';
import type { TokenResponse } from './dto/token.response.js';
import { SessionGrants } from './session-grants.js';
import { UserChanges } from './user-changes.js';
import { UserDirectory } from './user-directory.js';

/** Turns a name and a password into a session, or says no in one way whatever the reason. */
@Injectable()
export class LoginService {
  constructor(
    private readonly guesses: LoginGuesses,
    private readonly users: UserDirectory,
    private readonly grants: SessionGrants,
    private readonly changes: UserChanges,
  ) {}

  async login(exchange: Exchange, request: LoginRequest): Promise<TokenResponse> {
    try {
      return await this.#open(exchange, request);
    } catch (error) {
      if (isRefusal(error)) tellSessionChange('login-refused', exchange, undefined);
      throw error;
    }
  }

  async #open(exchange: Exchange, { username, password }: LoginRequest): Promise<TokenResponse> {
    const askedAt = this.changes.now();
    const user = await this.guesses.checked(exchange, username, () =>
      this.users.checkPassword(exchange, username, password),
    );
    if (exchange.hangUp.gone) throw new GatewayError('client_gone');
    const { session, tokens } = await this.grants.open(user);
    tellSessionChange('login', exchange, session.principal);
    if (!(await this.changes.settle(user.id, askedAt))) throw invalidCredentials();
    return tokens;
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof GatewayError && (error.code === 'invalid_credentials' || error.code === 'rate_limited');
