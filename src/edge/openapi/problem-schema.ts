import type { OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Headers = NonNullable<NonNullable<OpenAPIObject['components']>['headers']>;

export const PROBLEM_SCHEMA: Schemas[string] = {
  type: 'object',
  description: 'An RFC 9457 problem document.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri', example: 'urn:genoflow:problem:rate_limited' },
    title: { type: 'string', example: 'Too many requests' },
    status: { type: 'integer', example: 429 },
    detail: { type: 'string', example: 'Too many requests; wait before the next one.' },
    instance: { type: 'string', format: 'uri' },
    code: { type: 'string', description: 'Stable; what programs should look at.', example: 'rate_limited' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Every fault of a body or query.',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string', example: '/sample_id' }, detail: { type: 'string' } },
      },
    },
    record: { type: 'integer', description: 'The FASTQ record at fault, counted from 1.' },
    line: { type: 'integer', description: 'The line at fault, counted from 1.' },
  },
};

export const RESPONSE_HEADERS: Headers = {
  RequestId: { description: 'Quote it when you ask for help.', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds to wait (RFC 9110 section 10.2.3).', schema: { type: 'integer' } },
};
