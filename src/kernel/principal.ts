/** Who is calling, as proven by a verified access token of a living session. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly sessionId: string;
  /** Roles as the token states them; an unknown one grants nothing. */
  readonly roles: readonly string[];
}
