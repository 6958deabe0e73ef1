import type { ResourceKind, ResourceReference } from '../../kernel/resources.js';

/** A request as far as it names resources: checked path identifiers, raw query, parsed but unchecked body. */
export interface NamingRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  readonly body: unknown;
}

export interface NamedResource {
  readonly kind: ResourceKind;
  readonly id: string;
}

/** At most this many may be named in one request; validation refuses more anyway. */
const MAX_NAMED = 32;
const EVERY = '.*';

/** The resources a request names where its route says it may. What is no string names nothing, and is refused elsewhere. */
export const resourcesNamed = (
  request: NamingRequest,
  references: readonly ResourceReference[],
): readonly NamedResource[] =>
  references
    .flatMap((reference) => valuesAt(request, reference).map((id) => ({ kind: reference.kind, id })))
    .slice(0, MAX_NAMED);

/** The project a request asks for, in its body or its query. */
export function projectNamed({ query, body }: NamingRequest): string | undefined {
  const asked = isObject(body) ? body.project_id : new URLSearchParams(query).get('project_id');
  return typeof asked === 'string' ? asked : undefined;
}

function valuesAt({ params, query, body }: NamingRequest, { in: place, name }: ResourceReference): string[] {
  switch (place) {
    case 'path':
      return strings([params[name]]);
    case 'query':
      return strings(new URLSearchParams(query).getAll(name));
    case 'body':
      return isObject(body) ? strings(membersOf(body, name)) : [];
  }
}

function membersOf(body: Record<string, unknown>, name: string): unknown[] {
  if (!name.endsWith(EVERY)) return [body[name]];
  const parent = body[name.slice(0, -EVERY.length)];
  return isObject(parent) ? Object.values(parent) : [];
}

const strings = (values: readonly unknown[]): string[] =>
  values.filter((value): value is string => typeof value === 'string');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
