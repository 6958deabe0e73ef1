import type { INestApplication, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { MessageGuard } from './edge/body/message.guard.js';
import { openExchange } from './edge/exchange/open-exchange.js';
import { checkMessage } from './edge/exchange/check-message.js';
import { checkTarget, takeAbsoluteForm } from './edge/exchange/check-target.js';
import { answerOptions } from './edge/fields/answer-options.js';
import { ProblemFilter } from './edge/problem/problem.filter.js';
import type { GatewayAdapter } from './edge/server/gateway.adapter.js';
import { StrictValidationPipe } from './edge/validation/validation.pipe.js';
import { AuthenticationGuard } from './identity/authentication/authentication.guard.js';
import { AuthorizationGuard } from './identity/authorization/authorization.guard.js';
import { ResourceGuard } from './identity/authorization/resource.guard.js';
import { Clock } from './kernel/clock.js';
import { Settings } from './kernel/config/settings.js';
import { Readiness } from './kernel/readiness.js';
import { AddressLimitGuard } from './traffic/limits/address-limit.guard.js';
import { CallerLimitGuard } from './traffic/limits/caller-limit.guard.js';

/**
 * THE order of the request path. Nest runs middleware, guards, interceptors, pipes, handler, filter. The exchange opens
 * first, so that every refusal is recorded; nothing of a message's body is looked at before identity and limits.
 */
export function applyMiddleware(app: INestApplication): void {
  const settings = app.get(Settings);
  const open = openExchange(settings, app.get(Clock), app.get(Readiness));
  const adapter = app.getHttpAdapter() as unknown as GatewayAdapter;
  const options = answerOptions(settings.server, (path) => adapter.methodsAt(path));
  adapter.useEntrance((request, response) => {
    takeAbsoluteForm(request);
    open(request, response);
    return checkMessage(request, response) && checkTarget(request, response) && options(request, response);
  });
}

export const GLOBAL_STAGES: readonly Provider[] = [
  { provide: APP_GUARD, useExisting: AddressLimitGuard },
  { provide: APP_GUARD, useExisting: AuthenticationGuard },
  { provide: APP_GUARD, useExisting: AuthorizationGuard },
  { provide: APP_GUARD, useExisting: CallerLimitGuard },
  { provide: APP_GUARD, useExisting: MessageGuard },
  { provide: APP_GUARD, useExisting: ResourceGuard },
  { provide: APP_PIPE, useExisting: StrictValidationPipe },
  { provide: APP_FILTER, useExisting: ProblemFilter },
];
