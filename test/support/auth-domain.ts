import { Authenticator } from '../../src/identity/authentication/authenticator.js';
import { Authorizer } from '../../src/identity/authorization/authorizer.js';
import { RBAC_POLICY } from '../../src/identity/authorization/rbac-policy.js';
import { GatewayIdentity } from '../../src/identity/outbound/gateway-identity.js';
import { MemorySessionStore } from '../../src/identity/sessions/memory-session-store.js';
import { AccessTokenIssuer } from '../../src/identity/tokens/access-token-issuer.js';
import { AuthService } from '../../src/domains/auth/auth.service.js';
import type { TokenResponse } from '../../src/domains/auth/dto/token.response.js';
import { LoginService } from '../../src/domains/auth/login.service.js';
import { OwnSessionsService } from '../../src/domains/auth/own-sessions.service.js';
import { SessionGrants } from '../../src/domains/auth/session-grants.js';
import { UserChanges } from '../../src/domains/auth/user-changes.js';
import { UserDirectory } from '../../src/domains/auth/user-directory.js';
import { UserSessionsService } from '../../src/domains/auth/user-sessions.service.js';
import type { Settings } from '../../src/kernel/config/settings.js';
import type { ErrorCode } from '../../src/kernel/errors/error-codes.js';
import { GatewayError } from '../../src/kernel/errors/gateway-error.js';
import { sessionChanged, type SessionChanged } from '../../src/kernel/events.js';
import type { Exchange } from '../../src/kernel/exchange.js';
import { LoginGuesses } from '../../src/traffic/guesses/login-guesses.js';
import { LoginNames } from '../../src/traffic/guesses/login-names.js';
import { MemoryGuessStore } from '../../src/traffic/guesses/memory-guess.store.js';
import type { UpstreamCall } from '../../src/upstream/upstream-call.js';
import type { UpstreamClient } from '../../src/upstream/upstream-client.js';
import { buildAuthenticator, buildExchange, lifeSettings, TEST_KEYS, testLife } from './identity-builders.js';
import { ManualClock } from './manual-clock.js';

export const USER = { id: 'usr_1', username: 'ada', display_name: 'Ada', roles: ['analyst'], disabled: false };

/** An auth service whose every answer the test decides. */
export class ScriptedAuthService {
  readonly calls: UpstreamCall[] = [];
  status = 200;
  fields: string[] = [];
  body: unknown = { user: USER };
  failure: ErrorCode | undefined;
  /** Happens while the service is being asked. */
  meanwhile: () => Promise<void> = () => Promise.resolve();

  async fetch(call: UpstreamCall): Promise<{ status: number; fields: string[]; body: Buffer }> {
    this.calls.push(call);
    await this.meanwhile();
    if (this.failure !== undefined) throw new GatewayError(this.failure);
    const body = typeof this.body === 'string' ? this.body : JSON.stringify(this.body);
    return { status: this.status, fields: this.fields, body: Buffer.from(body) };
  }

  answer(body: unknown, status = 200): void {
    Object.assign(this, { status, body });
  }
}

/** The whole auth domain in this process over a scripted auth service and a manual clock; `close` ends its listening. */
export class AuthDomain {
  readonly clock = new ManualClock();
  readonly backend = new ScriptedAuthService();
  readonly users: UserDirectory;
  readonly changes: UserChanges;
  readonly logins: LoginService;
  readonly auth: AuthService;
  readonly own: OwnSessionsService;
  readonly others: UserSessionsService;
  /** Everything that was told of sessions so far. */
  readonly events: SessionChanged[] = [];
  readonly close: () => void;
  readonly #authenticator: Authenticator;

  constructor(graceSeconds = 0) {
    const { clock, backend } = this;
    const store = new MemorySessionStore(testLife(graceSeconds), clock, 100);
    const issuer = new AccessTokenIssuer(TEST_KEYS, 900, clock);
    const grants = new SessionGrants(store, issuer, clock, { identity: lifeSettings(graceSeconds) } as Settings);
    const identity = new GatewayIdentity(TEST_KEYS, 'an identity key for tests, 32 characters', clock);
    const guesses = new LoginGuesses(new MemoryGuessStore(clock), new LoginNames('a key for tests'), clock);
    this.#authenticator = buildAuthenticator(clock, store);
    this.users = new UserDirectory(backend as unknown as UpstreamClient, identity);
    this.changes = new UserChanges(store, clock);
    this.logins = new LoginService(guesses, this.users, grants, this.changes);
    this.auth = new AuthService(this.users, store, grants, this.changes, this.#authenticator);
    this.own = new OwnSessionsService(store, new Authorizer(RBAC_POLICY));
    this.others = new UserSessionsService(store);
    this.close = sessionChanged.subscribe((event) => this.events.push(event));
  }

  /** What was told so far, in a word each. */
  get told(): SessionChanged['change'][] {
    return this.events.map(({ change }) => change);
  }

  logIn(username: string, password: string): Promise<TokenResponse> {
    return this.logins.login(buildExchange(), { username, password });
  }

  /** Lets a user in, whom the auth service then goes on to know. */
  async login(user: Partial<typeof USER> = {}): Promise<TokenResponse> {
    this.backend.answer({ user: { ...USER, ...user } });
    const tokens = await this.logIn('ada', 'secret');
    this.backend.answer({ ...USER, ...user });
    return tokens;
  }

  refresh(token: string): Promise<TokenResponse> {
    return this.auth.refresh(buildExchange(), token);
  }

  /** An exchange of whoever bears the access token; rejects where it does not hold. */
  async signedIn({ access_token }: Pick<TokenResponse, 'access_token'>): Promise<Exchange> {
    const exchange = buildExchange(['Authorization', `Bearer ${access_token}`]);
    exchange.principal = await this.#authenticator.authenticate(exchange.requestFields);
    return exchange;
  }
}

/** The code of the failure, or `done`. */
export async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'done';
  } catch (error) {
    return (error as GatewayError).code;
  }
}
