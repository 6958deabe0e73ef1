import { resolve } from 'node:path';
import { SystemClock, type Clock } from '../clock.js';
import { SERVICE_NAMES, SERVICE_URL_VARIABLES, type ServiceName } from '../services.js';
import type { TlsSource, TlsUse } from '../tls/tls-files.js';
import { identityFrom } from './identity-settings.js';
import { tlsFrom } from './tls-settings.js';
import { ENVIRONMENT_SCHEMA, type Environment, type VariableName } from './variables.js';
import type { BackendsSettings, IdentitySettings, ServerSettings, Settings, UpstreamSettings } from './settings.js';

/** Every fault of the environment at once; names variables and rules, never values. */
export class SettingsError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The settings are not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/** Reads, checks and freezes all settings; throws one SettingsError that lists every fault. */
export function loadSettings(variables: NodeJS.ProcessEnv, clock: Clock = new SystemClock()): Settings {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = ENVIRONMENT_SCHEMA.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`));
  }
  const environment = parsed.data;
  const identity = identityFrom(environment);
  const tls = tlsFrom(environment, clock.now());
  const faults = [...(identity.faults ?? []), ...(tls.faults ?? []), ...rulesBetweenVariables(environment)];
  if (identity.content === undefined || tls.content === undefined || faults.length > 0) throw new SettingsError(faults);
  return Object.freeze(settingsFrom(environment, identity.content, tls.content));
}

function rulesBetweenVariables(environment: Environment): string[] {
  const faults: string[] = [];
  if (environment.NODE_ENV === 'production' && environment.EMBEDDED_BACKENDS !== true) {
    faults.push(
      ...missingServices(environment).map(
        (name) => `${SERVICE_URL_VARIABLES[name]}: is required in production, or set EMBEDDED_BACKENDS=true`,
      ),
    );
  }
  if (environment.EMBEDDED_BACKENDS === false && environment.NODE_ENV !== 'production') {
    faults.push(
      ...missingServices(environment).map(
        (name) => `${SERVICE_URL_VARIABLES[name]}: is required when EMBEDDED_BACKENDS=false`,
      ),
    );
  }
  if (environment.WEB_CONCURRENCY > 1 && environment.REDIS_URL === undefined) {
    faults.push('WEB_CONCURRENCY: more than one process needs REDIS_URL, because sessions and limits are shared');
  }
  faults.push(...rateFaults(environment));
  return faults;
}

const RATE_LIMITS = ['RATE_LIMIT', 'RATE_LIMIT_JOBS', 'RATE_LIMIT_LINKS'] as const;

const rateFaults = (environment: Environment): string[] =>
  RATE_LIMITS.filter((name) => environment[`${name}_BURST`] < environment[`${name}_PER_MINUTE`] / 60).map(
    (name) => `${name}_BURST: must hold at least one second of ${name}_PER_MINUTE`,
  );

const urlOf = (environment: Environment, service: ServiceName): string | undefined =>
  environment[SERVICE_URL_VARIABLES[service] as Extract<VariableName, `${string}_SERVICE_URL`>];

const missingServices = (environment: Environment): ServiceName[] =>
  SERVICE_NAMES.filter((service) => urlOf(environment, service) === undefined);

function settingsFrom(
  environment: Environment,
  identity: IdentitySettings,
  tls: Readonly<Record<TlsUse, TlsSource>>,
): Settings {
  return {
    server: serverFrom(environment, tls.listener),
    upstream: upstreamFrom(environment, tls.upstream),
    identity,
    traffic: {
      callers: { ratePerMinute: environment.RATE_LIMIT_PER_MINUTE, burst: environment.RATE_LIMIT_BURST },
      callersByRole: environment.RATE_LIMIT_ROLES,
      jobs: { ratePerMinute: environment.RATE_LIMIT_JOBS_PER_MINUTE, burst: environment.RATE_LIMIT_JOBS_BURST },
      links: { ratePerMinute: environment.RATE_LIMIT_LINKS_PER_MINUTE, burst: environment.RATE_LIMIT_LINKS_BURST },
      maxConcurrentPerUser: environment.MAX_CONCURRENT_PER_USER,
      responseCacheTtlMs: environment.RESPONSE_CACHE_TTL_MS,
      idempotencyTtlSeconds: environment.IDEMPOTENCY_TTL,
    },
    state: { redisUrl: environment.REDIS_URL, tls: tls.redis },
    backends: backendsFrom(environment),
    telemetry: {
      logLevel: environment.LOG_LEVEL ?? (environment.DEBUG ? 'debug' : 'info'),
      otlpEndpoint: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
    },
    flags: { file: environment.FEATURE_FLAGS_FILE },
  };
}

function serverFrom(environment: Environment, tls: TlsSource): ServerSettings {
  const production = environment.NODE_ENV === 'production';
  return {
    production,
    host: environment.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: environment.PORT,
    tls: environment.TLS_CERT_FILE === undefined ? undefined : tls,
    workers: environment.WEB_CONCURRENCY,
    trustProxy: trustProxyFrom(environment.TRUST_PROXY),
    allowedOrigins: environment.ALLOWED_ORIGINS,
    docsEnabled: environment.DOCS_ENABLED ?? !production,
    headersTimeoutMs: environment.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: environment.REQUEST_TIMEOUT_MS,
    shutdownTimeoutMs: environment.SHUTDOWN_TIMEOUT_MS,
    uploadMaxBytes: environment.UPLOAD_MAX_BYTES,
  };
}

function trustProxyFrom(value: string | undefined): ServerSettings['trustProxy'] {
  if (value === undefined || value === 'false') return undefined;
  if (value === 'true') return true;
  return /^\d+$/.test(value) ? Number(value) : value;
}

function upstreamFrom(environment: Environment, tls: TlsSource): UpstreamSettings {
  return {
    urls: Object.fromEntries(
      SERVICE_NAMES.map((service) => [service, urlOf(environment, service)]),
    ) as UpstreamSettings['urls'],
    tls,
    timeoutMs: environment.UPSTREAM_TIMEOUT_MS,
    connectTimeoutMs: environment.UPSTREAM_CONNECT_TIMEOUT_MS,
    idleTimeoutMs: environment.UPSTREAM_IDLE_TIMEOUT_MS,
    maxConcurrency: environment.UPSTREAM_MAX_CONCURRENCY,
    uploadPace: {
      minBytesPerSecond: environment.UPLOAD_MIN_BYTES_PER_SECOND,
      windowMs: environment.REQUEST_TIMEOUT_MS,
    },
    breakerOpenMs: environment.BREAKER_OPEN_MS,
    healthIntervalMs: environment.HEALTH_INTERVAL_MS,
  };
}

function backendsFrom(environment: Environment): BackendsSettings {
  return {
    embedded: missingServices(environment).length > 0,
    dataDir: resolve(environment.DATA_DIR),
  };
}
