import { unauthenticated } from '../../identity/identity.errors.js';
import { sessionChanged, type SessionChanged } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { Principal } from '../../kernel/principal.js';

/** The caller of a route for signed-in users. */
export function callerOf(exchange: Exchange): Principal {
  if (exchange.principal === undefined) throw unauthenticated();
  return exchange.principal;
}

export function tellSessionChange(
  change: SessionChanged['change'],
  exchange: Exchange,
  of: Pick<Principal, 'userId' | 'sessionId'> | undefined,
  endedBy?: string,
): void {
  sessionChanged.publish({
    change,
    exchangeId: exchange.id,
    userId: of?.userId,
    sessionId: of?.sessionId,
    endedBy,
    clientAddress: exchange.clientAddress,
  });
}
