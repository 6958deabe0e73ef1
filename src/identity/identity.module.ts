import { HttpModule, HttpService } from '@nestjs/axios';
import { Global, Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { SharedRedis } from '../state/shared-redis.js';
import { OutboundIdentity } from '../upstream/outbound-identity.js';
import { ApiKeyAuthenticator } from './api-keys/api-key-authenticator.js';
import { ApiKeyStore } from './api-keys/api-key-store.js';
import { createApiKeyStore } from './api-keys/create-api-key-store.js';
import { AuthenticationGuard } from './authentication/authentication.guard.js';
import { Authenticator } from './authentication/authenticator.js';
import { AuthorizationGuard } from './authorization/authorization.guard.js';
import { Authorizer } from './authorization/authorizer.js';
import { RBAC_POLICY } from './authorization/rbac-policy.js';
import { ResourceGuard } from './authorization/resource.guard.js';
import { ResourceOwners } from './authorization/resource-owners.js';
import { UpstreamClient } from '../upstream/upstream-client.js';
import { readRbacPolicyFile } from './authorization/rbac-policy-file.js';
import { ExternalIssuers } from './issuers/external-issuers.js';
import { IssuerClient } from './issuers/issuer-client.js';
import { GatewayIdentity } from './outbound/gateway-identity.js';
import { createRevokedTokens } from './revocation/create-revoked-tokens.js';
import { RevokedTokens } from './revocation/revoked-tokens.js';
import { LiveSessions } from './sessions/live-sessions.js';
import { SessionStore } from './sessions/session-store.js';
import { createSessionStore } from './sessions/create-session-store.js';
import { AccessTokenIssuer } from './tokens/access-token-issuer.js';
import { createTokenVerifier } from './tokens/create-token-verifier.js';
import { SigningKeysWatch } from './tokens/signing-keys-watch.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenVerifier } from './tokens/token-verifier.js';

/** Who is calling, and may they. `Settings`, `Clock` and `SharedRedis` must be provided by global modules. */
@Global()
@Module({
  imports: [HttpModule],
  providers: [
    {
      provide: TokenKeys,
      inject: [Settings],
      useFactory: ({ identity }: Settings) => new TokenKeys(identity, identity.signingKeys?.keys),
    },
    {
      provide: SigningKeysWatch,
      inject: [TokenKeys, Settings, Clock],
      useFactory: (keys: TokenKeys, { identity: { signingKeys } }: Settings, clock: Clock) =>
        signingKeys === undefined ? undefined : new SigningKeysWatch(signingKeys.path, keys, clock),
    },
    {
      provide: AccessTokenIssuer,
      inject: [TokenKeys, Settings, Clock],
      useFactory: (keys: TokenKeys, { identity }: Settings, clock: Clock) =>
        new AccessTokenIssuer(keys, identity.accessTokenTtlSeconds, clock),
    },
    {
      provide: ExternalIssuers,
      inject: [Settings, HttpService, Clock],
      useFactory: ({ identity }: Settings, http: HttpService, clock: Clock) =>
        new ExternalIssuers(identity.externalIssuers, new IssuerClient(http), clock),
    },
    { provide: TokenVerifier, inject: [TokenKeys, ExternalIssuers, Clock], useFactory: createTokenVerifier },
    { provide: SessionStore, inject: [SharedRedis, Settings, Clock], useFactory: createSessionStore },
    { provide: LiveSessions, useExisting: SessionStore },
    { provide: RevokedTokens, inject: [SharedRedis, Settings, Clock], useFactory: createRevokedTokens },
    { provide: ApiKeyStore, inject: [SharedRedis, Settings, Clock], useFactory: createApiKeyStore },
    {
      provide: ApiKeyAuthenticator,
      inject: [ApiKeyStore, Clock],
      useFactory: (keys: ApiKeyStore, clock: Clock) => new ApiKeyAuthenticator(keys, clock),
    },
    {
      provide: Authenticator,
      inject: [ApiKeyAuthenticator, TokenVerifier, LiveSessions, RevokedTokens],
      useFactory: (...parts: ConstructorParameters<typeof Authenticator>) => new Authenticator(...parts),
    },
    {
      provide: Authorizer,
      inject: [Settings],
      useFactory: ({ identity: { rbacPolicyFile } }: Settings) =>
        new Authorizer(rbacPolicyFile === undefined ? RBAC_POLICY : readRbacPolicyFile(rbacPolicyFile)),
    },
    {
      provide: GatewayIdentity,
      inject: [TokenKeys, Settings, Clock],
      useFactory: (keys: TokenKeys, { identity }: Settings, clock: Clock) =>
        new GatewayIdentity(keys, identity.identitySecret, clock),
    },
    { provide: OutboundIdentity, useExisting: GatewayIdentity },
    AuthenticationGuard,
    {
      provide: ResourceOwners,
      inject: [UpstreamClient, GatewayIdentity],
      useFactory: (upstream: UpstreamClient, identity: GatewayIdentity) => new ResourceOwners(upstream, identity),
    },
    AuthorizationGuard,
    ResourceGuard,
  ],
  exports: [
    AccessTokenIssuer,
    ApiKeyStore,
    AuthenticationGuard,
    Authenticator,
    AuthorizationGuard,
    Authorizer,
    GatewayIdentity,
    OutboundIdentity,
    ResourceGuard,
    SessionStore,
    TokenKeys,
  ],
})
export class IdentityModule {}
