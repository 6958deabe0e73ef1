import type { Request } from 'express';
import { BackendProblem } from './problem.js';

/** Who calls, as the gateway or a peer vouches for it. */
export interface Identity {
  /** A user's id, `service:<name>` for a peer, `gateway`, or `anonymous` on the public routes. */
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** The token as it arrived. */
  readonly token: string;
}

const verified = new WeakMap<Request, Identity>();

/** Keeps the verified identity for the request's life; the identity middleware's alone to call. */
export function rememberIdentity(request: Request, identity: Identity): void {
  verified.set(request, identity);
}

/** The verified caller; throws 401 `identity_invalid` where nobody was verified. */
export function identityOf(request: Request): Identity {
  const identity = verified.get(request);
  if (identity === undefined) throw identityInvalid();
  return identity;
}

export const identityInvalid = (): BackendProblem =>
  new BackendProblem(401, 'identity_invalid', 'The call carries no valid identity.');

/** False for callers who see only what they made themselves: a technician without a further role, and who has none. */
export const mayReadAll = (identity: Identity): boolean => identity.roles.some((role) => role !== 'technician');

/** Refuses all but services and the gateway itself with 403 `forbidden`. */
export function requireService(identity: Identity): void {
  if (!identity.roles.includes('service')) {
    throw new BackendProblem(403, 'forbidden', 'This route is for the platform itself.');
  }
}
