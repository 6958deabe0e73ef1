import type { Permission } from './permissions.js';

/** Stands for every project among those a caller carries. */
export const ALL_PROJECTS = '*';

/** Who is calling, as proven by an access token of a living session, a token of an external issuer or an API key. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  /** Empty for callers who have no session of ours. */
  readonly sessionId: string;
  /** Roles as the session holds them now, so that one taken away is gone from older tokens too; an unknown one grants nothing. */
  readonly roles: readonly string[];
  /** Ids of the projects the caller belongs to, as fresh as the roles; ALL_PROJECTS stands for every one. */
  readonly projects: readonly string[];
  /** The rights of an API key, which hold instead of its roles'; absent for everybody else. */
  readonly scopes?: readonly Permission[];
}

/** What a user may do and where, as the auth service told it last. */
export type Rights = Pick<Principal, 'roles' | 'projects'>;
