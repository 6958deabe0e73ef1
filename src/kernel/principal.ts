/** Who is calling, as proven by a verified access token of a living session. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  /** Roles as the session holds them now, so that one taken away is gone from older tokens too; an unknown one grants nothing. */
  readonly roles: readonly string[];
}
