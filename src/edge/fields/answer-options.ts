import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ServerSettings } from '../../kernel/config/settings.js';
import { answerProblem } from '../problem/answer-problem.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { OriginPolicy } from './origin-policy.js';

const ALLOW = 'GET, HEAD, POST, PATCH, DELETE, OPTIONS';

/** Answers OPTIONS here, preflight or not (RFC 9110 section 9.3.7), and refuses the methods that no route takes; true where the request goes on. */
export function answerOptions(settings: ServerSettings) {
  const origins = new OriginPolicy(settings.allowedOrigins);
  return (request: GatewayRequest, response: GatewayResponse): boolean => {
    switch (request.method) {
      case 'GET':
      case 'POST':
      case 'HEAD':
      case 'PATCH':
      case 'DELETE':
        return true;
      case 'OPTIONS':
        response.writeHead(204, ['allow', ALLOW, ...origins.preflightFieldsFor(request.headers.origin)]);
        response.end();
        return false;
      default:
        answerProblem(response, new GatewayError('method_not_allowed', { fields: ['allow', ALLOW] }));
        return false;
    }
  };
}
