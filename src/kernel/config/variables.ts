import { isIP } from 'node:net';
import { z } from 'zod';

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');

const text = (max = 1024) => z.string().max(max, `must have at most ${max} characters`);

const url = (protocols: readonly string[]) =>
  text().refine(
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
    `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );

const ENDPOINT_LIST = /^((dns\+)?https?|srv\+https?):\/\/[^\s,?#@]+(,https?:\/\/[^\s,?#@]+)*$/;
const serviceUrl = text(4096)
  .regex(
    ENDPOINT_LIST,
    'must be http(s)://host:port[/base], several joined by commas, dns+http(s)://name:port or srv+http(s)://_service._proto.name',
  )
  .optional();

const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];
const isAddressOrSubnet = (part: string): boolean => {
  const [address = '', prefix, ...rest] = part.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  return (
    rest.length === 0 &&
    isIP(address) > 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest))
  );
};
const trustProxy = text().refine(
  (value) =>
    /^(true|false|\d{1,2})$/.test(value) ||
    value.split(',').every((part) => NAMED_RANGES.includes(part.trim()) || isAddressOrSubnet(part.trim())),
  'must be true, false, a number of hops, or addresses, subnets and loopback, linklocal, uniquelocal joined by commas',
);

const allowance = z
  .strictObject({ per_minute: z.int().min(1).max(10_000_000), burst: z.int().min(1).max(10_000_000) })
  .refine(({ per_minute, burst }) => burst >= per_minute / 60)
  .transform(({ per_minute, burst }) => ({ ratePerMinute: per_minute, burst }));
const ROLE_ALLOWANCES = z.record(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/), allowance);
const roleAllowances = text(8192).transform((value, context): z.output<typeof ROLE_ALLOWANCES> => {
  try {
    return ROLE_ALLOWANCES.parse(JSON.parse(value));
  } catch {
    context.addIssue(
      'must be a JSON object of roles, each {"per_minute":1000,"burst":2000} with whole numbers from 1 to 10000000, the burst at least a second of the rate',
    );
    return z.NEVER;
  }
});

const roleNames = text(1024).regex(
  /^[a-z][a-z0-9_-]{0,63}(,[a-z][a-z0-9_-]{0,63})*$/,
  'must be names of roles joined by commas',
);

const REDIS_URL = /^(rediss?|redis\+cluster|redis\+sentinel):\/\/\S+$/;

const origins = text(8192)
  .transform((value, context): string[] => {
    if (!value.trimStart().startsWith('['))
      return value
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean);
    try {
      return z.array(z.string()).parse(JSON.parse(value));
    } catch {
      context.addIssue('must be a JSON array of strings or a comma-separated list');
      return z.NEVER;
    }
  })
  .refine(
    (list) =>
      list.every((origin) => !origin.includes('*') && URL.canParse(origin) && new URL(origin).origin === origin),
    'each origin must be scheme://host[:port] without a path; wildcards are not accepted',
  );

/**
 * Every environment variable the gateway reads: its form, bound and default. `.env.example` and README's table are
 * held against these names by a test. Durations carry their unit in the name, or are whole seconds as described.
 */
export const VARIABLES = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  HOST: text(255).optional(),
  PORT: integer(0, 65535).default(8000),
  DEBUG: flag.default(false),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent')
    .optional(),
  TRUST_PROXY: trustProxy.optional(),
  ALLOWED_ORIGINS: origins.default([]),
  DOCS_ENABLED: flag.optional(),
  WEB_CONCURRENCY: integer(1, 64).default(1),
  TLS_CERT_FILE: text(4096).optional(),
  TLS_KEY_FILE: text(4096).optional(),
  HEADERS_TIMEOUT_MS: integer(100, 300_000).default(10_000),
  REQUEST_TIMEOUT_MS: integer(100, 600_000).default(30_000),
  SHUTDOWN_TIMEOUT_MS: integer(0, 600_000).default(30_000),
  UPLOAD_MAX_BYTES: integer(1, 999_999_999_999_999).default(1_099_511_627_776),
  UPLOAD_MIN_BYTES_PER_SECOND: integer(0, 1_000_000_000).default(1_024),

  DATA_INGESTION_SERVICE_URL: serviceUrl,
  QC_SERVICE_URL: serviceUrl,
  PIPELINE_SERVICE_URL: serviceUrl,
  EXECUTION_SERVICE_URL: serviceUrl,
  RESULTS_SERVICE_URL: serviceUrl,
  MONITORING_SERVICE_URL: serviceUrl,
  AUTH_SERVICE_URL: serviceUrl,
  UPSTREAM_TIMEOUT_MS: integer(10, 600_000).default(30_000),
  UPSTREAM_CONNECT_TIMEOUT_MS: integer(10, 60_000).default(2_000),
  UPSTREAM_IDLE_TIMEOUT_MS: integer(100, 3_600_000).default(60_000),
  UPSTREAM_MAX_CONCURRENCY: integer(1, 100_000).default(1_024),
  UPSTREAM_CA_FILE: text(4096).optional(),
  UPSTREAM_CERT_FILE: text(4096).optional(),
  UPSTREAM_KEY_FILE: text(4096).optional(),
  BREAKER_OPEN_MS: integer(10, 600_000).default(10_000),
  HEALTH_INTERVAL_MS: integer(100, 300_000).default(5_000),

  JWT_SECRET: text(4096).optional(),
  JWT_KEYS_FILE: text(4096).optional(),
  JWT_ISSUER: text(255).default('genoflow'),
  JWT_AUDIENCE: text(255).default('genoflow-api'),
  OIDC_ISSUERS_FILE: text(4096).optional(),
  IDENTITY_SECRET: text(4096).optional(),
  ACCESS_TOKEN_TTL: integer(5, 3_600).default(900),
  SESSION_IDLE_TIMEOUT: integer(10, 604_800).default(900),
  SESSION_UNATTENDED_ROLES: roleNames.default('service'),
  SESSION_MAX_AGE: integer(60, 2_592_000).default(43_200),
  REFRESH_GRACE_SECONDS: integer(0, 60).default(0),
  API_KEY_MAX_DAYS: integer(1, 365).default(30),
  RBAC_POLICY_FILE: text(4096).optional(),

  RATE_LIMIT_PER_MINUTE: integer(1, 10_000_000).default(100),
  RATE_LIMIT_BURST: integer(1, 10_000_000).default(200),
  RATE_LIMIT_ROLES: roleAllowances.default({}),
  RATE_LIMIT_JOBS_PER_MINUTE: integer(1, 10_000_000).default(50),
  RATE_LIMIT_JOBS_BURST: integer(1, 10_000_000).default(100),
  RATE_LIMIT_LINKS_PER_MINUTE: integer(1, 10_000_000).default(50),
  RATE_LIMIT_LINKS_BURST: integer(1, 10_000_000).default(100),
  MAX_CONCURRENT_PER_USER: integer(1, 1_000_000).default(256),
  RESPONSE_CACHE_TTL_MS: integer(0, 3_600_000).default(5_000),
  IDEMPOTENCY_TTL: integer(60, 604_800).default(86_400),

  REDIS_URL: text(4096)
    .regex(REDIS_URL, 'must start with redis://, rediss://, redis+cluster:// or redis+sentinel://')
    .optional(),
  REDIS_CA_FILE: text(4096).optional(),
  REDIS_CERT_FILE: text(4096).optional(),
  REDIS_KEY_FILE: text(4096).optional(),

  EMBEDDED_BACKENDS: flag.optional(),
  DATA_DIR: text(4096).default('.data'),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),

  FEATURE_FLAGS_FILE: text(4096).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:']).optional(),
  PROMETHEUS_URL: url(['http:', 'https:']).optional(),
} satisfies Record<string, z.ZodType>;

export type VariableName = keyof typeof VARIABLES;

export const ENVIRONMENT_SCHEMA = z.object(VARIABLES);
export type Environment = z.output<typeof ENVIRONMENT_SCHEMA>;
