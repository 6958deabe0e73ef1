import { Global, Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { SharedRedis } from '../state/shared-redis.js';
import { OutboundIdentity } from '../upstream/outbound-identity.js';
import { AuthenticationGuard } from './authentication/authentication.guard.js';
import { Authenticator } from './authentication/authenticator.js';
import { AuthorizationGuard } from './authorization/authorization.guard.js';
import { Authorizer } from './authorization/authorizer.js';
import { RBAC_POLICY } from './authorization/rbac-policy.js';
import { readRbacPolicyFile } from './authorization/rbac-policy-file.js';
import { GatewayIdentity } from './outbound/gateway-identity.js';
import { LiveSessions } from './sessions/live-sessions.js';
import { SessionStore } from './sessions/session-store.js';
import { createSessionStore } from './sessions/create-session-store.js';
import { AccessTokenIssuer } from './tokens/access-token-issuer.js';
import { AccessTokenStrategy } from './tokens/access-token.strategy.js';
import { AccessTokenVerifier } from './tokens/access-token-verifier.js';
import { TokenKeys } from './tokens/token-keys.js';

/** Who is calling, and may they. `Settings`, `Clock` and `SharedRedis` must be provided by global modules. */
@Global()
@Module({
  providers: [
    { provide: TokenKeys, inject: [Settings], useFactory: ({ identity }: Settings) => new TokenKeys(identity) },
    {
      provide: AccessTokenIssuer,
      inject: [TokenKeys, Settings, Clock],
      useFactory: (keys: TokenKeys, { identity }: Settings, clock: Clock) =>
        new AccessTokenIssuer(keys, identity.accessTokenTtlSeconds, clock),
    },
    {
      provide: AccessTokenVerifier,
      inject: [TokenKeys, Clock],
      useFactory: (keys: TokenKeys, clock: Clock) =>
        new AccessTokenVerifier(new AccessTokenStrategy(keys, clock), clock),
    },
    { provide: SessionStore, inject: [SharedRedis, Settings, Clock], useFactory: createSessionStore },
    { provide: LiveSessions, useExisting: SessionStore },
    {
      provide: Authenticator,
      inject: [AccessTokenVerifier, LiveSessions],
      useFactory: (tokens: AccessTokenVerifier, sessions: LiveSessions) => new Authenticator(tokens, sessions),
    },
    {
      provide: Authorizer,
      inject: [Settings],
      useFactory: ({ identity: { rbacPolicyFile } }: Settings) =>
        new Authorizer(rbacPolicyFile === undefined ? RBAC_POLICY : readRbacPolicyFile(rbacPolicyFile)),
    },
    {
      provide: GatewayIdentity,
      inject: [Settings, Clock],
      useFactory: ({ identity }: Settings, clock: Clock) => new GatewayIdentity(identity.identitySecret, clock),
    },
    { provide: OutboundIdentity, useExisting: GatewayIdentity },
    AuthenticationGuard,
    AuthorizationGuard,
  ],
  exports: [
    AccessTokenIssuer,
    AuthenticationGuard,
    Authenticator,
    AuthorizationGuard,
    Authorizer,
    GatewayIdentity,
    OutboundIdentity,
    SessionStore,
  ],
})
export class IdentityModule {}
