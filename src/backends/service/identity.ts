import type { Request } from 'express';
import { BackendProblem } from './problem.js';

/** Who calls, as the gateway or a peer vouches for it. */
export interface Identity {
  /** A user's id, `service:<name>` for a peer, `gateway`, or `anonymous` on the public routes. */
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** Ids of the projects the caller belongs to; `*` stands for all. */
  readonly projects: readonly string[];
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

/** Refuses all but services and the gateway itself with 403 `forbidden`. */
export function requireService(identity: Identity): void {
  if (!identity.roles.includes('service')) {
    throw new BackendProblem(403, 'forbidden', 'This route is for the platform itself.');
  }
}
