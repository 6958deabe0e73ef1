import type { ServiceName } from '../services.js';
import type { TlsSource } from '../tls/tls-files.js';
import type { ExternalIssuer } from './external-issuers.js';
import type { SigningKey } from './signing-keys.js';

export interface ServerSettings {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Undefined where clients speak plain HTTP. */
  readonly tls: TlsSource | undefined;
  readonly workers: number;
  /** Express's `trust proxy` value; undefined trusts nobody. */
  readonly trustProxy: string | number | boolean | undefined;
  readonly allowedOrigins: readonly string[];
  readonly docsEnabled: boolean;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly uploadMaxBytes: number;
}

export interface UpstreamSettings {
  /** Address list by service as configured; undefined where the embedded backend serves. */
  readonly urls: Readonly<Record<ServiceName, string | undefined>>;
  /** For services whose URL is https. */
  readonly tls: TlsSource;
  /** From the start of the call to the response's headers, retries included. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Longest silence inside a body, either way. */
  readonly idleTimeoutMs: number;
  /** Calls under way at once for one service, in this process. */
  readonly maxConcurrency: number;
  /** Least average of an upload's bytes over each window of waiting for its client; 0 bytes turn it off. */
  readonly uploadPace: { readonly minBytesPerSecond: number; readonly windowMs: number };
  readonly breakerOpenMs: number;
  readonly healthIntervalMs: number;
}

/** The file that holds the keys of access tokens (absolute path), and what it held at the start; the first key signs. */
export interface SigningKeysFile {
  readonly path: string;
  readonly keys: readonly SigningKey[];
}

export interface IdentitySettings {
  /** Signs access tokens by HS256 where no file of keys is set; beside one it verifies older tokens if it is set too. */
  readonly jwtSecret: string | undefined;
  readonly signingKeys: SigningKeysFile | undefined;
  readonly externalIssuers: readonly ExternalIssuer[];
  readonly issuer: string;
  readonly audience: string;
  /** Signs `x-genoflow-identity`; the backends hold it too, so it is never the JWT secret itself. */
  readonly identitySecret: string;
  readonly accessTokenTtlSeconds: number;
  readonly sessionIdleSeconds: number;
  /** Roles of machines: a session that holds no others does not end by idleness. */
  readonly sessionUnattendedRoles: readonly string[];
  readonly sessionMaxAgeSeconds: number;
  /** How long the refresh token before the newest is answered with the newest; 0 for never. */
  readonly refreshGraceSeconds: number;
  /** The longest life of an API key, and the one it has unless its maker asks for less. */
  readonly apiKeyMaxDays: number;
  readonly rbacPolicyFile: string | undefined;
}

/** A token bucket: how fast it refills, and how much it holds. */
export interface RateAllowance {
  readonly ratePerMinute: number;
  readonly burst: number;
}

export interface TrafficSettings {
  readonly callers: RateAllowance;
  /** Instead of `callers` for those who hold the role. */
  readonly callersByRole: Readonly<Record<string, RateAllowance>>;
  /** For submitting jobs, on top of the caller's own. */
  readonly jobs: RateAllowance;
  /** For making download links, on top of the caller's own. */
  readonly links: RateAllowance;
  /** Requests of one user under way at once, in this process. */
  readonly maxConcurrentPerUser: number;
  readonly responseCacheTtlMs: number;
  readonly idempotencyTtlSeconds: number;
}

export interface StateSettings {
  readonly redisUrl: string | undefined;
  /** For a URL that asks for TLS. */
  readonly tls: TlsSource;
}

export interface BackendsSettings {
  readonly embedded: boolean;
  /** Absolute path. */
  readonly dataDir: string;
}

export interface TelemetrySettings {
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly otlpEndpoint: string | undefined;
}

export interface FlagSettings {
  readonly file: string | undefined;
}

/** What the gateway's own URL begins with. */
export const schemeOf = ({ server }: Settings): 'http' | 'https' => (server.tls === undefined ? 'http' : 'https');

/** All the gateway's settings, validated and frozen; a class so that Nest can inject it by type. */
export abstract class Settings {
  abstract readonly server: ServerSettings;
  abstract readonly upstream: UpstreamSettings;
  abstract readonly identity: IdentitySettings;
  abstract readonly traffic: TrafficSettings;
  abstract readonly state: StateSettings;
  abstract readonly backends: BackendsSettings;
  abstract readonly telemetry: TelemetrySettings;
  abstract readonly flags: FlagSettings;
}
