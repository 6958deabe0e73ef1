import type { Request } from 'express';
import { BackendProblem } from './problem.js';

/**
 * Whom a token names: somebody on whose behalf the platform is called, or the gateway or a service for itself. A claim of
 * its own: roles are a user's, and no record of a user makes anybody one of the platform.
 */
export const IDENTITY_KINDS = ['user', 'gateway', 'peer'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** Who calls, as the gateway or a peer vouches for it. */
export interface Identity {
  readonly kind: IdentityKind;
  /** A user's id, `service:<name>` for a peer, `gateway`, or `anonymous` on the public routes. */
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** Ids of the projects the caller belongs to; `*` stands for all. */
  readonly projects: readonly string[];
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

/** Refuses all but the gateway and the services themselves with 403 `forbidden`. */
export function requirePlatform(identity: Identity): void {
  if (identity.kind === 'user') throw new BackendProblem(403, 'forbidden', 'This route is for the platform itself.');
}
