import type { Exchange } from '../kernel/exchange.js';
import { nominatedBy, REQUEST_RULES, withoutNominated } from './field-names.js';

/** The pseudonym under which the gateway stands in Via (RFC 9110 section 7.6.3). */
export const VIA = '1.1 genoflow';

/**
 * The fields of the request to a backend: the client's, less what is its own business with the gateway or what only
 * the gateway may say, plus the gateway's own. Flat list, client's spelling.
 */
export function requestFields(exchange: Exchange, identity: readonly string[], publicPrefix: string): string[] {
  const fields = clientFields(exchange.requestFields);
  fields.push('x-request-id', exchange.id, 'traceparent', exchange.traceparent, 'via', VIA);
  fields.push('x-forwarded-for', exchange.clientAddress, 'x-forwarded-proto', exchange.protocol);
  if (exchange.host !== '') fields.push('x-forwarded-host', exchange.host);
  if (publicPrefix !== '') fields.push('x-forwarded-prefix', publicPrefix);
  for (const part of identity) fields.push(part);
  return fields;
}

function clientFields(raw: readonly string[]): string[] {
  const fields: string[] = [];
  let nominated: ReadonlySet<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const fate = REQUEST_RULES.fateOf(name);
    if (fate === 'pass') fields.push(name, value);
    else if (fate === 'connection') {
      const named = nominatedBy(value);
      nominated = nominated === undefined ? named : new Set([...nominated, ...named]);
    }
  }
  return nominated === undefined ? fields : withoutNominated(fields, nominated);
}
