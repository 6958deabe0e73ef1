import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { BackendClock } from './clock.js';
import type { BackendName } from './backend-name.js';
import type { Database } from './database.js';
import { rememberIdentity } from './identity.js';
import type { IdentityTokens } from './identity-tokens.js';
import type { BackendLog } from './log.js';
import { BackendProblem } from './problem.js';
import { problemMiddleware } from './problem-middleware.js';
import { HEALTH_ROUTE, QUIET_ROUTES } from './quiet-routes.js';
import { requestScope } from './request-scope.js';

const JSON_LIMIT_BYTES = 1024 * 1024;
const HEALTH_TIMEOUT_MS = 3_000;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface ServiceAppParts {
  readonly name: BackendName;
  readonly database: Database;
  readonly tokens: IdentityTokens;
  readonly log: BackendLog;
  readonly clock: BackendClock;
  /** The service's routes; undefined until it has been created. */
  readonly router: () => Router | undefined;
}

/** The Express application round one service: health, request scope, identity, JSON, the routes, problems. */
export function createServiceApp(parts: ServiceAppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(openScope(parts));
  app.get(HEALTH_ROUTE, health(parts));
  app.use(async (request, _response, next) => {
    rememberIdentity(request, await parts.tokens.verify(request.get('x-genoflow-identity')));
    next();
  });
  app.use(express.json({ limit: JSON_LIMIT_BYTES, strict: true, inflate: false }));
  app.use((request, response, next) => {
    const router = parts.router();
    if (router === undefined)
      throw new BackendProblem(503, 'service_starting', 'The service is starting.', {}, { 'retry-after': '1' });
    router(request, response, next);
  });
  app.use(() => {
    throw new BackendProblem(404, 'route_not_found', 'There is nothing at this address.');
  });
  app.use(problemMiddleware(parts.log));
  return app;
}

/** One line per request, without its target: the route's pattern only. */
function openScope({ log, clock }: ServiceAppParts): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const startedAt = clock.now();
    const given = request.get('x-request-id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
    const traceparent = request.get('traceparent');
    response.once('close', () => {
      const route = (request.route as { path?: unknown } | undefined)?.path;
      if (QUIET_ROUTES.has(route) && response.statusCode === 200) return;
      log.info('request', {
        request_id: requestId,
        method: request.method,
        route: typeof route === 'string' ? route : 'unmatched',
        status: response.headersSent ? response.statusCode : 499,
        duration_ms: clock.now() - startedAt,
      });
    });
    const scope = {
      requestId,
      traceparent: traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : undefined,
    };
    requestScope.run(scope, next);
  };
}

function health({ name, database, router, log }: ServiceAppParts): RequestHandler {
  return async (_request, response) => {
    const isUp = router() !== undefined && (await answers(database, log));
    response
      .status(isUp ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ status: isUp ? 'ok' : 'unavailable', service: name });
  };
}

async function answers(database: Database, log: BackendLog): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, HEALTH_TIMEOUT_MS, false);
  });
  const asked = database.execute(sql`select 1`).then(
    () => true,
    (error: unknown) => {
      log.fault('database_unavailable', error);
      return false;
    },
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
