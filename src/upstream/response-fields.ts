import { nominatedBy, RESPONSE_RULES, withoutNominated } from './field-names.js';
import type { EndpointTarget } from './registry/endpoint-target.js';
import { VIA } from './request-fields.js';
import { UpstreamError } from './upstream.errors.js';

/**
 * The fields of the answer to the client, from undici's raw list (alternating names and values). Values keep their
 * bytes, repeated fields stay apart (Set-Cookie must, RFC 9110 section 5.3). `publicPrefix` is the public path that
 * stands for the service's root. Throws `upstream_bad_response` for a transfer coding other than chunked: the gateway
 * takes none off (RFC 9112 section 6.1), and the client would take coded bytes for the content.
 */
export function responseFields(raw: readonly Buffer[], target: EndpointTarget, publicPrefix: string): string[] {
  const fields: string[] = [];
  let nominated: ReadonlySet<string> | undefined;
  let coding: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1');
    const fate = RESPONSE_RULES.fateOf(name);
    if (fate === 'drop') continue;
    const value = (raw[i + 1] as Buffer).toString('latin1');
    if (fate === 'pass') fields.push(name, value);
    else if (fate === 'location') fields.push(name, publicLocation(value, target, publicPrefix));
    else if (fate === 'coding') coding = coding === undefined ? value.trim().toLowerCase() : 'several';
    else {
      const named = nominatedBy(value);
      nominated = nominated === undefined ? named : new Set([...nominated, ...named]);
    }
  }
  if (coding !== undefined && coding !== 'chunked') throw new UpstreamError('upstream_bad_response');
  const kept = nominated === undefined ? fields : withoutNominated(fields, nominated);
  kept.push('Via', VIA);
  return kept;
}

/** The first value of a field in undici's raw list, by its lower-case name. */
export function rawField(raw: readonly Buffer[], lowerName: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as Buffer;
    if (name.length === lowerName.length && name.toString('latin1').toLowerCase() === lowerName) {
      return (raw[i + 1] as Buffer).toString('latin1');
    }
  }
  return undefined;
}

// A service that spells out its own address would give it away; relative references and other hosts pass as they are.
function publicLocation(value: string, { origin, basePath }: EndpointTarget, publicPrefix: string): string {
  if (!value.toLowerCase().startsWith(origin)) return value;
  const rest = value.slice(origin.length);
  if (rest !== '' && !/^[/?#]/.test(rest)) return value;
  const inBase = rest === basePath || rest.startsWith(`${basePath}/`) || rest.startsWith(`${basePath}?`);
  const path = basePath !== '' && inBase ? rest.slice(basePath.length) : rest;
  return `${publicPrefix}${path}` || '/';
}
