import type { OpenAPIObject } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../../kernel/errors/error-codes.js';
import {
  BACKEND_PROBLEMS_EXTENSION,
  PROBLEMS_EXTENSION,
  type BackendProblems,
} from '../../kernel/problem-docs.decorator.js';
import { ROUTE_EXTENSION, type RouteDeclaration } from '../../kernel/route.js';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Response = { headers?: Record<string, { $ref: string }> };

/** An operation as Nest leaves it, with the route's declaration and own problems as extensions. */
export type DocumentedOperation = Operation & {
  [ROUTE_EXTENSION]?: RouteDeclaration;
  [PROBLEMS_EXTENSION]?: readonly ErrorCode[];
  [BACKEND_PROBLEMS_EXTENSION]?: BackendProblems;
};

const UPSTREAM: readonly ErrorCode[] = [
  'upstream_error',
  'upstream_unreachable',
  'upstream_reset',
  'upstream_bad_response',
  'no_endpoint',
  'breaker_open',
  'bulkhead_full',
  'upstream_timeout',
];
const SIGNED_IN: readonly ErrorCode[] = [
  'unauthenticated',
  'invalid_token',
  'expired_token',
  'session_ended',
  'issuer_unavailable',
  'state_unavailable',
  'concurrency_limited',
];
const BY_ACCESS: Readonly<Record<RouteDeclaration['access']['kind'], readonly ErrorCode[]>> = {
  public: [],
  'signed-in': SIGNED_IN,
  permission: [...SIGNED_IN, 'forbidden'],
};
const JSON_BODY: readonly ErrorCode[] = [
  'malformed_body',
  'body_too_deep',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
  'request_timeout',
];
const BY_BODY: Readonly<Record<RouteDeclaration['body'], readonly ErrorCode[]>> = {
  none: [],
  json: JSON_BODY,
  stream: ['body_too_large', 'request_timeout'],
  'stream-or-json': JSON_BODY,
};

/** Writes the problem answers that an operation's declaration implies, and takes the extensions off. */
export function documentOperation(operation: DocumentedOperation): void {
  const declaration = operation[ROUTE_EXTENSION];
  const own = operation[PROBLEMS_EXTENSION] ?? [];
  const backend = operation[BACKEND_PROBLEMS_EXTENSION] ?? {};
  delete operation[ROUTE_EXTENSION];
  delete operation[PROBLEMS_EXTENSION];
  delete operation[BACKEND_PROBLEMS_EXTENSION];
  if (declaration === undefined) return;
  const codes = new Set<ErrorCode>([...impliedBy(operation, declaration), ...own]);
  for (const [status, names] of byStatus(codes, backend)) {
    operation.responses[status] ??= problemResponse(status, names);
  }
  if (declaration.access.kind === 'public') operation.security = [];
  for (const response of Object.values(operation.responses) as Response[]) {
    response.headers = { ...response.headers, 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
  }
}

function impliedBy(operation: DocumentedOperation, declaration: RouteDeclaration): ErrorCode[] {
  const parameters = (operation.parameters ?? []) as { in?: string }[];
  return [
    'malformed_request',
    ...(parameters.some((parameter) => parameter.in === 'path') ? (['invalid_identifier'] as const) : []),
    ...(parameters.some((parameter) => parameter.in === 'query') ? (['invalid_query'] as const) : []),
    ...(declaration.limit === 'none' ? [] : (['rate_limited'] as const)),
    ...BY_ACCESS[declaration.access.kind],
    ...BY_BODY[declaration.body],
    ...(declaration.resources.length === 0 ? [] : (['resource_not_found', 'project_forbidden'] as const)),
    ...(operation.tags?.some((tag) => tag === 'health' || tag === 'auth' || tag === 'metrics') === true
      ? []
      : UPSTREAM),
  ];
}

function byStatus(codes: ReadonlySet<ErrorCode>, backend: BackendProblems): Map<number, string[]> {
  const names = new Map<number, string[]>();
  const add = (status: number, name: string): void => {
    names.set(status, [...(names.get(status) ?? []), name]);
  };
  codes.forEach((code) => {
    add(ERROR_CODES[code].status, code);
  });
  for (const [status, backendCodes] of Object.entries(backend)) {
    backendCodes.forEach((code) => {
      add(Number(status), code);
    });
  }
  return new Map([...names].sort(([a], [b]) => a - b));
}

function problemResponse(status: number, codes: readonly string[]): Operation['responses'][string] {
  const retry = status === 429 || status === 503;
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...(retry ? { headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } } : {}),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}
