import type { Principal } from '../kernel/principal.js';

/** Port, implemented by identity: the fields that tell a backend on whose behalf it is called. */
export abstract class OutboundIdentity {
  /** Flat list: x-user-id, x-user-roles, x-session-id and the signed x-genoflow-identity. */
  abstract fieldsFor(principal: Principal | undefined): Promise<readonly string[]> | readonly string[];
}
