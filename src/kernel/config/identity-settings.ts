import { hkdfSync } from 'node:crypto';
import { resolve } from 'node:path';
import { readExternalIssuers } from './external-issuers.js';
import { obtainSecret } from './generated-secret.js';
import type { FileReading } from './json-file.js';
import type { IdentitySettings } from './settings.js';
import { readSigningKeys } from './signing-keys.js';
import type { Environment } from './variables.js';

const MIN_SECRET_CHARACTERS = 32;
const PLACEHOLDER = /change|secret|example|placeholder|password|default|your[-_ ]|^(.)\1*$/i;

/** Reads the files of keys and issuers; gives the settings, or every fault of files and secrets. */
export function identityFrom(environment: Environment): FileReading<IdentitySettings> {
  const { JWT_KEYS_FILE: keysFile, OIDC_ISSUERS_FILE: issuersFile } = environment;
  const keys = keysFile === undefined ? undefined : readSigningKeys(resolve(keysFile));
  const issuers = issuersFile === undefined ? undefined : readExternalIssuers(issuersFile, environment.JWT_ISSUER);
  const faults = [...secretsFaults(environment), ...(keys?.faults ?? []), ...(issuers?.faults ?? [])];
  if (faults.length > 0) return { faults };
  return {
    content: {
      ...secretsFrom(environment),
      signingKeys: keysFile === undefined ? undefined : { path: resolve(keysFile), keys: keys?.content ?? [] },
      externalIssuers: issuers?.content ?? [],
      issuer: environment.JWT_ISSUER,
      audience: environment.JWT_AUDIENCE,
      accessTokenTtlSeconds: environment.ACCESS_TOKEN_TTL,
      sessionIdleSeconds: environment.SESSION_IDLE_TIMEOUT,
      sessionUnattendedRoles: environment.SESSION_UNATTENDED_ROLES.split(','),
      sessionMaxAgeSeconds: environment.SESSION_MAX_AGE,
      refreshGraceSeconds: environment.REFRESH_GRACE_SECONDS,
      apiKeyMaxDays: environment.API_KEY_MAX_DAYS,
      rbacPolicyFile: environment.RBAC_POLICY_FILE,
    },
  };
}

/** JWT_SECRET takes part only where it is set or nothing else signs; a secret made for a bare machine is not mixed in. */
function secretsFrom(environment: Environment): Pick<IdentitySettings, 'jwtSecret' | 'identitySecret'> {
  const given = environment.JWT_SECRET;
  const made = (): string => obtainSecret(resolve(environment.DATA_DIR), 'jwt-secret');
  return {
    jwtSecret: given ?? (environment.JWT_KEYS_FILE === undefined ? made() : undefined),
    identitySecret: environment.IDENTITY_SECRET ?? identitySecretFrom(given ?? made()),
  };
}

// HKDF (RFC 5869): who holds the derived key can verify identities but learns nothing of the token secret.
const identitySecretFrom = (jwtSecret: string): string =>
  Buffer.from(hkdfSync('sha256', jwtSecret, '', 'genoflow identity', 32)).toString('base64url');

function secretsFaults(environment: Environment): string[] {
  if (environment.NODE_ENV !== 'production') return [];
  const { JWT_SECRET: jwtSecret, IDENTITY_SECRET: identitySecret, JWT_KEYS_FILE: keysFile } = environment;
  const faults = [...secretFaults('JWT_SECRET', jwtSecret), ...secretFaults('IDENTITY_SECRET', identitySecret)];
  if (jwtSecret === undefined && keysFile === undefined)
    faults.push('JWT_SECRET: is required in production where JWT_KEYS_FILE is not set');
  if (jwtSecret === undefined && keysFile !== undefined && identitySecret === undefined)
    faults.push('IDENTITY_SECRET: is required in production where JWT_SECRET is not set');
  return faults;
}

function secretFaults(name: string, secret: string | undefined): string[] {
  if (secret === undefined) return [];
  if (secret.length < MIN_SECRET_CHARACTERS) return [`${name}: must have at least ${MIN_SECRET_CHARACTERS} characters`];
  return PLACEHOLDER.test(secret) ? [`${name}: looks like a placeholder; make one with "openssl rand -base64 48"`] : [];
}
