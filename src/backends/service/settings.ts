import { hkdfSync } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { BACKEND_NAMES, DEFAULT_PORTS, isBackendName, type BackendName } from './backend-name.js';

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const text = (max = 4096) => z.string().max(max, `must have at most ${max} characters`);

const ENDPOINTS = /^((dns\+)?https?|srv\+https?):\/\/[^\s,?#@]+(,https?:\/\/[^\s,?#@]+)*$/;
const serviceUrl = text()
  .regex(ENDPOINTS, 'must be http(s)://host:port, a comma list, dns+http:// or srv+http://')
  .optional();

const secret = text().min(32, 'must have at least 32 characters');
const PLACEHOLDER = /change|secret|example|placeholder|password|default|your[-_ ]|^(.)\1*$/i;

const ports = text()
  .transform((value, context): Partial<Record<BackendName, number>> => {
    try {
      return z.record(z.string().refine(isBackendName), z.number().int().min(0).max(65535)).parse(JSON.parse(value));
    } catch {
      context.addIssue('must be a JSON object of service names and ports');
      return z.NEVER;
    }
  })
  .optional();

/** Every variable the backends read: form, bound and default. */
export const BACKEND_VARIABLES = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent')
    .default('info'),
  HOST: text(255).default('127.0.0.1'),
  PORT: integer(0, 65535).optional(),
  BACKEND_PORTS: ports,
  DATA_DIR: text().default('.data'),
  DATABASE_URL: text()
    .regex(/^postgres(ql)?:\/\/\S+$/, 'must start with postgres:// or postgresql://')
    .optional(),
  IDENTITY_SECRET: secret,
  GATEWAY_JWKS_URL: text()
    .regex(/^(https?:\/\/[^\s#@]+|file:\/\/\/\S+|ipc:)$/, 'must start with http://, https:// or file:///')
    .optional(),
  LINK_SECRET: secret.optional(),
  AUTH_USERS_FILE: text().optional(),
  PROMETHEUS_URL: text()
    .regex(/^https?:\/\/\S+$/, 'must start with http:// or https://')
    .optional(),
  UPLOAD_MAX_BYTES: integer(1, 999_999_999_999_999).default(1_099_511_627_776),
  INGESTION_WORKERS: integer(0, 64).default(1),
  QC_WORKERS: integer(0, 64).optional(),
  EXECUTION_WORKERS: integer(0, 64).optional(),
  DATA_INGESTION_SERVICE_URL: serviceUrl,
  QC_SERVICE_URL: serviceUrl,
  PIPELINE_SERVICE_URL: serviceUrl,
  EXECUTION_SERVICE_URL: serviceUrl,
  RESULTS_SERVICE_URL: serviceUrl,
  MONITORING_SERVICE_URL: serviceUrl,
  AUTH_SERVICE_URL: serviceUrl,
} satisfies Record<string, z.ZodType>;

const SCHEMA = z.object(BACKEND_VARIABLES);

export interface BackendSettings {
  readonly production: boolean;
  readonly logLevel: z.output<typeof SCHEMA>['LOG_LEVEL'];
  readonly host: string;
  /** Port of a service run by itself. */
  readonly port: number | undefined;
  /** Ports of the embedded services, as the parent remembers them from before a restart. */
  readonly embeddedPorts: Readonly<Partial<Record<BackendName, number>>>;
  /** Absolute path. */
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly identitySecret: string;
  /** Where the gateway's public keys are; undefined where the secret vouches for the gateway too. */
  readonly gatewayJwksUrl: string | undefined;
  /** Signs download links. */
  readonly linkSecret: string;
  readonly usersFile: string | undefined;
  readonly prometheusUrl: string | undefined;
  readonly uploadMaxBytes: number;
  /** Threads that check uploads; 0 checks on the service's own thread. */
  readonly ingestionWorkers: number;
  /** QC jobs at once; 0 accepts jobs and runs none. */
  readonly qcWorkers: number;
  /** Pipeline jobs at once; 0 accepts jobs and runs none. */
  readonly executionWorkers: number;
  readonly serviceUrls: Readonly<Record<BackendName, string | undefined>>;
}

/** Every fault of the environment at once; names variables and rules, never values. */
export class BackendSettingsError extends Error {
  constructor(faults: readonly string[]) {
    super(`The backends' settings are not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'BackendSettingsError';
  }
}

/** Reads, checks and freezes the settings; throws one BackendSettingsError that lists every fault. */
export function loadBackendSettings(variables: NodeJS.ProcessEnv = process.env): BackendSettings {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = SCHEMA.safeParse(given);
  if (!parsed.success) {
    throw new BackendSettingsError(parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${faultOf(issue)}`));
  }
  const environment = parsed.data;
  if (environment.NODE_ENV === 'production') refusePlaceholders(environment);
  return Object.freeze(settingsFrom(environment));
}

const faultOf = (issue: z.core.$ZodIssue): string => (issue.code === 'invalid_type' ? 'is required' : issue.message);

function refusePlaceholders(environment: z.output<typeof SCHEMA>): void {
  const faults = (['IDENTITY_SECRET', 'LINK_SECRET'] as const)
    .filter((name) => PLACEHOLDER.test(environment[name] ?? ''))
    .map((name) => `${name}: looks like a placeholder; make one with "openssl rand -base64 48"`);
  if (faults.length > 0) throw new BackendSettingsError(faults);
}

function settingsFrom(environment: z.output<typeof SCHEMA>): BackendSettings {
  const cores = availableParallelism();
  return {
    production: environment.NODE_ENV === 'production',
    logLevel: environment.LOG_LEVEL,
    host: environment.HOST,
    port: environment.PORT,
    embeddedPorts: environment.BACKEND_PORTS ?? {},
    dataDir: resolve(environment.DATA_DIR),
    databaseUrl: environment.DATABASE_URL,
    identitySecret: environment.IDENTITY_SECRET,
    gatewayJwksUrl: environment.GATEWAY_JWKS_URL,
    linkSecret: environment.LINK_SECRET ?? linkSecretFrom(environment.IDENTITY_SECRET),
    usersFile: environment.AUTH_USERS_FILE,
    prometheusUrl: environment.PROMETHEUS_URL,
    uploadMaxBytes: environment.UPLOAD_MAX_BYTES,
    ingestionWorkers: environment.INGESTION_WORKERS,
    qcWorkers: environment.QC_WORKERS ?? Math.max(1, Math.min(4, cores - 1)),
    executionWorkers: environment.EXECUTION_WORKERS ?? Math.max(1, Math.min(2, cores - 1)),
    serviceUrls: {
      auth: environment.AUTH_SERVICE_URL,
      ingestion: environment.DATA_INGESTION_SERVICE_URL,
      qc: environment.QC_SERVICE_URL,
      pipelines: environment.PIPELINE_SERVICE_URL,
      execution: environment.EXECUTION_SERVICE_URL,
      results: environment.RESULTS_SERVICE_URL,
      monitoring: environment.MONITORING_SERVICE_URL,
    },
  };
}

// HKDF (RFC 5869): a leaked link key forges links, but no identities.
const linkSecretFrom = (identitySecret: string): string =>
  Buffer.from(hkdfSync('sha256', identitySecret, '', 'genoflow download links', 32)).toString('base64url');

/** Peers' addresses where the environment names none: the services' default ports on this machine. */
export const defaultServiceUrls = (): Record<BackendName, string> =>
  Object.fromEntries(BACKEND_NAMES.map((name) => [name, `http://127.0.0.1:${DEFAULT_PORTS[name]}`])) as Record<
    BackendName,
    string
  >;
