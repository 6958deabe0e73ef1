import { EventChannel } from './channels.js';
import type { Exchange } from './exchange.js';
import type { ErrorCode } from './errors/error-codes.js';
import type { ServiceName } from './services.js';
import type { TlsUse } from './tls/tls-files.js';

export interface ExchangeClosed {
  readonly exchange: Exchange;
  /** The status sent; 499 when the client went before the answer was whole. */
  readonly status: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}
/** An exchange ended: answered, refused or hung up. Published exactly once for every request. */
export const exchangeClosed = new EventChannel<ExchangeClosed>('genoflow:edge:exchange-closed');

export interface UnexpectedFailure {
  readonly exchange: Exchange | undefined;
  readonly error: unknown;
}
/** Something threw what no one foresaw; the client was told `internal_error`. */
export const unexpectedFailure = new EventChannel<UnexpectedFailure>('genoflow:edge:unexpected-failure');

export interface MessageUnreadable {
  readonly code: ErrorCode;
}
/** Bytes came that are no HTTP message; there is no exchange to speak of. */
export const messageUnreadable = new EventChannel<MessageUnreadable>('genoflow:edge:message-unreadable');

export interface TlsHandshakeFailed {
  readonly reason: 'plain-http' | 'version' | 'timeout' | 'closed' | 'other';
}
/** A connection to the listener ended before TLS stood on it; nothing of a request had come. */
export const tlsHandshakeFailed = new EventChannel<TlsHandshakeFailed>('genoflow:edge:tls-handshake-failed');

export interface TlsFilesRead {
  readonly use: TlsUse;
  /** `failed`: what was there before still holds. */
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  /** Variables and rules, never what the files hold. */
  readonly faults: readonly string[];
  /** Of the certificate in use, milliseconds since the Unix epoch; undefined where there is none. */
  readonly expiresAt: number | undefined;
}
/** Certificates, keys and trusted certificates were read again because their files had changed. */
export const tlsFilesRead = new EventChannel<TlsFilesRead>('genoflow:tls:files-read');

export interface AttemptFinished {
  readonly service: ServiceName;
  readonly operation: string;
  /** Index of the endpoint in the registry; addresses stay inside upstream/. */
  readonly endpoint: string;
  readonly attempt: number;
  readonly status: number | undefined;
  readonly error: ErrorCode | undefined;
  readonly durationMs: number;
  /** Of the exchange the attempt was made for; absent where it was made for none. */
  readonly traceparent?: string | undefined;
}
export const attemptFinished = new EventChannel<AttemptFinished>('genoflow:upstream:attempt-finished');

export interface BreakerChanged {
  readonly service: ServiceName;
  readonly endpoint: string;
  readonly state: 'closed' | 'open' | 'half-open';
}
export const breakerChanged = new EventChannel<BreakerChanged>('genoflow:upstream:breaker-changed');

export interface EndpointHealthChanged {
  readonly service: ServiceName;
  readonly endpoint: string;
  readonly healthy: boolean;
}
export const endpointHealthChanged = new EventChannel<EndpointHealthChanged>(
  'genoflow:upstream:endpoint-health-changed',
);

export interface RetryStarted {
  readonly service: ServiceName;
  readonly operation: string;
  readonly after: ErrorCode;
}
export const retryStarted = new EventChannel<RetryStarted>('genoflow:upstream:retry-started');

export interface AccessRefused {
  readonly exchange: Exchange;
  readonly code: ErrorCode;
  /** Which API key the caller came with, where it was one. */
  readonly keyId?: string;
}
/** A guard said no: no token, a bad one, a missing permission. */
export const accessRefused = new EventChannel<AccessRefused>('genoflow:identity:access-refused');

export interface SessionChanged {
  readonly change:
    | 'login'
    | 'login-refused'
    | 'refresh'
    | 'refresh-repeated'
    | 'refresh-reused'
    | 'rights-changed'
    | 'logout'
    | 'ended';
  /** Absent where no request caused it: the auth service told of a change of the user. */
  readonly exchangeId: string | undefined;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  /** The administrator who ended somebody's session. */
  readonly endedBy?: string | undefined;
  readonly clientAddress: string | undefined;
}
export const sessionChanged = new EventChannel<SessionChanged>('genoflow:identity:session-changed');

export interface UserFeedChanged {
  /** `untold`: the auth service tells no changes of users. `failing`: it cannot be asked, or they cannot be applied. */
  readonly state: 'followed' | 'untold' | 'failing';
}
/** Changes of users, such as that one is disabled, began or ceased to be heard of while their sessions last. */
export const userFeedChanged = new EventChannel<UserFeedChanged>('genoflow:auth:user-feed-changed');

export interface ApiKeyChanged {
  readonly change: 'created' | 'revoked';
  readonly exchange: Exchange;
  readonly keyId: string;
  /** Of a new key. */
  readonly scopes?: readonly string[];
}
export const apiKeyChanged = new EventChannel<ApiKeyChanged>('genoflow:identity:api-key-changed');

export interface VerificationKeysRead {
  readonly source: 'file' | 'issuer';
  /** The variable that names the file, or the external issuer as OIDC_ISSUERS_FILE has it. */
  readonly name: string;
  /** `failed`: what was known before still holds. */
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  /** Places and rules, never values. */
  readonly faults: readonly string[];
}
/** Keys that verify tokens were read again: the gateway's own file, or those of an external issuer. */
export const verificationKeysRead = new EventChannel<VerificationKeysRead>('genoflow:identity:verification-keys-read');

export interface LimitDecided {
  readonly limit: 'caller' | 'jobs' | 'links' | 'address' | 'login' | 'login-account' | 'login-address' | 'concurrency';
  /** False also for a request that passes all the same because limits are only counted (shadow mode). */
  readonly allowed: boolean;
}
export const limitDecided = new EventChannel<LimitDecided>('genoflow:traffic:limit-decided');

export interface CacheLookedUp {
  readonly operation: string;
  readonly hit: boolean;
}
export const cacheLookedUp = new EventChannel<CacheLookedUp>('genoflow:traffic:cache-looked-up');

export interface StateStoreChanged {
  readonly store: 'redis' | 'memory';
  readonly available: boolean;
}
export const stateStoreChanged = new EventChannel<StateStoreChanged>('genoflow:state:store-changed');

export interface StateStoreMayEvict {
  readonly store: 'redis';
  /** Redis's maxmemory-policy. */
  readonly policy: string;
}
/** The store was found to throw keys away when its memory is full: sessions, limits and records of work done. */
export const stateStoreMayEvict = new EventChannel<StateStoreMayEvict>('genoflow:state:store-may-evict');

export interface BackendsProcessChanged {
  readonly change: 'ready' | 'exited' | 'restarting' | 'gave-up';
}
/** The embedded reference backends' process came or went. */
export const backendsProcessChanged = new EventChannel<BackendsProcessChanged>('genoflow:backends:process-changed');

export interface AuditStateChanged {
  /** `failing`: entries wait in memory; `lossy`: some had to be dropped, and the record says how many. */
  readonly state: 'writing' | 'failing' | 'lossy';
}
export const auditStateChanged = new EventChannel<AuditStateChanged>('genoflow:audit:state-changed');
