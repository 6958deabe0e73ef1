import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Exchange } from '../../kernel/exchange.js';
import type { Principal } from '../../kernel/principal.js';
import { routeDeclarationOf } from '../../kernel/route.js';
import { routeRequestOf } from '../../kernel/route-request.js';
import { forbidden } from '../identity.errors.js';
import { refuse } from '../refuse.js';
import { Authenticator } from './authenticator.js';

/** Lets public routes pass, sets `exchange.principal` on all others, and refuses a route that declares nothing. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  /** Answers without a promise when the caller is known: a promise would cost every request a turn. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { exchange } = routeRequestOf(context);
    try {
      const declaration = routeDeclarationOf(context.getHandler());
      if (declaration === undefined) throw forbidden();
      if (declaration.access.kind === 'public') return true;
      const principal = this.authenticator.authenticate(exchange.requestFields);
      if (!(principal instanceof Promise)) return admit(exchange, principal);
      return principal.then(
        (proven) => admit(exchange, proven),
        (error: unknown) => refuse(exchange, error),
      );
    } catch (error) {
      return refuse(exchange, error);
    }
  }
}

function admit(exchange: Exchange, principal: Principal): true {
  exchange.principal = principal;
  return true;
}
