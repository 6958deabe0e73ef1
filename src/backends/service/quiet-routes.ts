export const HEALTH_ROUTE = '/health';
/** Asked by every gateway twice a second. */
export const USER_CHANGES_ROUTE = '/users/changes';

/** Routes that are asked all the time: only their failures are worth a line in the log. */
export const QUIET_ROUTES: ReadonlySet<unknown> = new Set([HEALTH_ROUTE, USER_CHANGES_ROUTE]);
