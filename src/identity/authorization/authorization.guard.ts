import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { routeDeclarationOf } from '../../kernel/route.js';
import { routeRequestOf } from '../../kernel/route-request.js';
import { forbidden } from '../identity.errors.js';
import { refuse } from '../refuse.js';
import { Authorizer } from './authorizer.js';

/** Stands after the authentication guard; refuses what the policy does not grant, and a route that declares nothing. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(private readonly authorizer: Authorizer) {}

  canActivate(context: ExecutionContext): boolean {
    const { exchange } = routeRequestOf(context);
    const declaration = routeDeclarationOf(context.getHandler());
    if (declaration !== undefined && this.authorizer.permit(exchange.principal, declaration.access)) return true;
    return refuse(exchange, forbidden());
  }
}
