import type { OpenAPIObject } from '@nestjs/swagger';
import { DOWNLOAD_TOKEN, IDENTIFIER } from '../../kernel/identifiers.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Writes the identifiers of a path as parameters; handlers take them from the request, where Nest does not see them. */
export function documentIdentifiers(operation: Operation, template: string): void {
  const parameters = operation.parameters ?? [];
  const known = new Set(parameters.map((parameter) => ('name' in parameter ? parameter.name : '')));
  const identifiers = [...template.matchAll(/\{(\w+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !known.has(name))
    .map((name) => ({
      name,
      in: 'path' as const,
      required: true,
      schema: { type: 'string', pattern: (name === 'token' ? DOWNLOAD_TOKEN : IDENTIFIER).source },
    }));
  operation.parameters = [...identifiers, ...parameters];
}
