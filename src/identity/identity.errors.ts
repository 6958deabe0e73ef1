import { GatewayError } from '../kernel/errors/gateway-error.js';

const REALM = 'Bearer realm="genoflow"';

/** No usable credentials came: the challenge carries no error code (RFC 6750 section 3.1). */
export const unauthenticated = (): GatewayError =>
  new GatewayError('unauthenticated', { fields: ['WWW-Authenticate', REALM] });

/** A token came and does not hold; `cause` stays with the operators. */
export const tokenRefused = (
  code: 'invalid_token' | 'expired_token' | 'session_ended',
  cause?: unknown,
): GatewayError => new GatewayError(code, { fields: ['WWW-Authenticate', `${REALM}, error="invalid_token"`], cause });

export const forbidden = (reason?: string): GatewayError =>
  new GatewayError('forbidden', {
    fields: ['WWW-Authenticate', `${REALM}, error="insufficient_scope"`],
    ...(reason === undefined ? {} : { reason }),
  });

/** Identity fails closed: who cannot be checked is not let in. */
export const stateUnavailable = (cause?: unknown): GatewayError =>
  new GatewayError('state_unavailable', { retryAfterSeconds: 1, cause });

/** A login that did not succeed, whatever the reason; a 401 carries a challenge (RFC 9110 section 15.5.2). */
export const invalidCredentials = (): GatewayError =>
  new GatewayError('invalid_credentials', { fields: ['WWW-Authenticate', REALM] });

/** The issuer's keys are not known and it does not answer: the token may be good, and is not to be thrown away. */
export const issuerUnavailable = (cause?: unknown): GatewayError =>
  new GatewayError('issuer_unavailable', { retryAfterSeconds: 10, cause });

/** An API key that does not hold; remembers which one it said it was, for the record. */
export class ApiKeyRefused extends GatewayError {
  constructor(readonly keyId: string | undefined) {
    super('invalid_token', { fields: ['WWW-Authenticate', `${REALM}, error="invalid_token"`] });
  }
}

/** Somebody else's and what never was are refused alike, so that no one learns what there is. */
export const resourceNotFound = (): GatewayError => new GatewayError('resource_not_found');

export const projectForbidden = (): GatewayError => new GatewayError('project_forbidden');
