import { ApiKeyAuthenticator } from '../../src/identity/api-keys/api-key-authenticator.js';
import type { ApiKeyStore } from '../../src/identity/api-keys/api-key-store.js';
import { Authenticator } from '../../src/identity/authentication/authenticator.js';
import { RecordSeal } from '../../src/identity/record-seal.js';
import { RevokedTokens } from '../../src/identity/revocation/revoked-tokens.js';
import type { LiveSessions } from '../../src/identity/sessions/live-sessions.js';
import { AccessTokenStrategy } from '../../src/identity/tokens/access-token.strategy.js';
import { TokenKeys } from '../../src/identity/tokens/token-keys.js';
import { TokenVerifier } from '../../src/identity/tokens/token-verifier.js';
import type { TokenCheck } from '../../src/identity/tokens/verified-token.js';
import { RefreshToken } from '../../src/identity/sessions/refresh-token.js';
import { newSessionId, type Session } from '../../src/identity/sessions/session.js';
import { SessionLife } from '../../src/identity/sessions/session-life.js';
import type { Rotation } from '../../src/identity/sessions/session-store.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { IdentitySettings } from '../../src/kernel/config/settings.js';
import type { Exchange } from '../../src/kernel/exchange.js';
import { HangUp } from '../../src/kernel/hang-up.js';
import type { Rights } from '../../src/kernel/principal.js';

export const TEST_SECRET = 'a key for tests only, 32 characters long';

export const TEST_KEYS = new TokenKeys({
  jwtSecret: TEST_SECRET,
  issuer: 'genoflow',
  audience: 'genoflow-api',
});

export const TEST_SEAL = new RecordSeal(TEST_SECRET, 'tests');

const LIFE_SETTINGS = { sessionIdleSeconds: 60, sessionMaxAgeSeconds: 600, sessionUnattendedRoles: ['service'] };

/** A minute of silence, ten in all; with a grace of so many seconds. */
export const testLife = (refreshGraceSeconds = 0): SessionLife =>
  new SessionLife({ ...LIFE_SETTINGS, refreshGraceSeconds });

export const TEST_LIFE = testLife();

/** The identity settings that sessions go by. */
export const lifeSettings = (refreshGraceSeconds = 0): IdentitySettings =>
  ({ ...LIFE_SETTINGS, refreshGraceSeconds }) as unknown as IdentitySettings;

export interface OpenedSession {
  readonly session: Session;
  readonly refreshToken: RefreshToken;
}

/** A session as a login makes it, not yet kept anywhere. */
export function buildSession(clock: Clock, userId = 'usr_1', roles: readonly string[] = ['analyst']): OpenedSession {
  const sessionId = newSessionId();
  const refreshToken = RefreshToken.first(userId, sessionId);
  const now = clock.now();
  return {
    refreshToken,
    session: {
      principal: { userId, username: `${userId}-name`, sessionId, roles, projects: ['*'] },
      displayName: 'Ada Lovelace',
      createdAt: now,
      lastSeenAt: now,
      idleMs: TEST_LIFE.idleMsOf(roles),
      expiresAt: now + TEST_LIFE.maxAgeMs,
      familyHash: refreshToken.familyHash,
      refreshHash: refreshToken.secretHash,
    },
  };
}

/** What asks a store to replace one refresh token by another. */
export const rotationOf = (
  presented: RefreshToken,
  next: RefreshToken,
  { roles = ['analyst'], projects = ['*'] }: Partial<Rights> = {},
): Rotation => ({
  userId: presented.userId,
  sessionId: presented.sessionId,
  familyHash: presented.familyHash,
  presentedHash: presented.secretHash,
  nextHash: next.secretHash,
  successor: presented.seal(next),
  roles,
  projects,
});

/** A verifier of tokens by TEST_KEYS, or of those that another check takes. */
export const buildVerifier = (
  clock: Clock,
  check: TokenCheck = new AccessTokenStrategy(TEST_KEYS, clock),
  issuer: string = TEST_KEYS.issuer,
): TokenVerifier => new TokenVerifier(new Map([[issuer, check]]), clock);

/** Tokens taken back, in this process only. */
export class RememberedRevocations extends RevokedTokens {
  readonly #digests = new Set<string>();

  override add(digest: string): Promise<void> {
    this.#digests.add(digest);
    return Promise.resolve();
  }

  override isGood(digest: string): boolean {
    return !this.#digests.has(digest);
  }
}

/** An authenticator over TEST_KEYS; knows no API key unless given some. */
export function buildAuthenticator(
  clock: Clock,
  sessions: LiveSessions,
  { verifier = buildVerifier(clock), keys }: { verifier?: TokenVerifier; keys?: ApiKeyStore } = {},
): Authenticator {
  const store = keys ?? ({ find: () => undefined } as unknown as ApiKeyStore);
  return new Authenticator(new ApiKeyAuthenticator(store, clock), verifier, sessions, new RememberedRevocations());
}

/** An exchange that nobody answers; `fields` is the flat list of request fields. */
export function buildExchange(fields: readonly string[] = []): Exchange {
  return {
    id: 'request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    startedAt: 0,
    method: 'GET',
    route: '',
    query: '',
    requestFields: fields,
    requestHeaders: {},
    clientAddress: '192.0.2.1',
    protocol: 'http',
    host: 'gateway.test',
    principal: undefined,
    body: undefined,
    hangUp: new HangUp(),
    outlivesClient: false,
    sink: {
      head: () => undefined,
      write: () => true,
      onDrain: () => undefined,
      end: () => undefined,
      abort: () => undefined,
    },
    ownFields: [],
    errorCode: undefined,
    upstream: undefined,
  };
}
