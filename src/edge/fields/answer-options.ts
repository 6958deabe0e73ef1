import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ServerSettings } from '../../kernel/config/settings.js';
import { ALL_METHODS } from '../problem/allowed-methods.js';
import { answerProblem } from '../problem/answer-problem.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { OriginPolicy } from './origin-policy.js';

/** The methods that the routes at a path take; none where there is no route. */
export type MethodsAt = (path: string) => readonly string[];

/**
 * Answers OPTIONS here, so that no backend is asked (RFC 9110 section 9.3.7): a preflight by the origins listed, any
 * other by the methods of the path, `*` by those of the whole server. True where the request goes on.
 */
export function answerOptions(settings: ServerSettings, methodsAt: MethodsAt) {
  const origins = new OriginPolicy(settings.allowedOrigins);
  return (request: GatewayRequest, response: GatewayResponse): boolean => {
    if (request.method !== 'OPTIONS') return true;
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const isPreflight = request.headers['access-control-request-method'] !== undefined;
    const methods = path === '*' || isPreflight ? ALL_METHODS : methodsAt(path);
    if (methods.length === 0) answerProblem(response, new GatewayError('route_not_found'));
    else {
      const cors = isPreflight ? origins.preflightFieldsFor(request.headers.origin) : [];
      response.writeHead(204, ['allow', methods.join(', '), ...cors]).end();
    }
    return false;
  };
}
