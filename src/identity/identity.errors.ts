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

export const forbidden = (): GatewayError =>
  new GatewayError('forbidden', { fields: ['WWW-Authenticate', `${REALM}, error="insufficient_scope"`] });

/** Identity fails closed: who cannot be checked is not let in. */
export const stateUnavailable = (cause?: unknown): GatewayError =>
  new GatewayError('state_unavailable', { retryAfterSeconds: 1, cause });

/** A login that did not succeed, whatever the reason; a 401 carries a challenge (RFC 9110 section 15.5.2). */
export const invalidCredentials = (): GatewayError =>
  new GatewayError('invalid_credentials', { fields: ['WWW-Authenticate', REALM] });
