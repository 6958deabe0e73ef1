import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { BEARER_SCHEME } from '../../kernel/route.js';
import { documentIdentifiers } from './path-identifiers.js';
import { documentOperation } from './operation-problems.js';
import { PROBLEM_SCHEMA, RESPONSE_HEADERS } from './problem-schema.js';

const METHODS = ['get', 'head', 'post', 'patch', 'delete'] as const;

/** In the order of the main job. */
const TAGS: readonly (readonly [string, string])[] = [
  ['auth', 'Log in and out, refresh, look after your sessions'],
  ['ingestion', 'Upload reads and references'],
  ['qc', 'Check the quality of reads'],
  ['pipelines', 'Pick a pipeline and configure it'],
  ['execution', 'Submit jobs and follow them'],
  ['results', 'List and download what jobs made'],
  ['monitoring', 'Figures of the platform'],
  ['health', 'Probes'],
  ['metrics', 'For Prometheus'],
];

const DESCRIPTION = `The one door to the sequencing platform: log in, upload FASTQ, have it quality-checked, configure a
pipeline, submit a job, follow it live and download its results.

Log in with \`POST /auth/login\`, then press **Authorize** and paste the \`access_token\`. Errors are RFC 9457 problem
documents with a stable \`code\`; quote \`request_id\` when you ask for help.`;

/** The OpenAPI 3.0 document: what Nest derives from the controllers, with the problems each route's declaration implies. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('GenoFlow API Gateway')
    .setDescription(DESCRIPTION)
    .setVersion('1.0.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, BEARER_SCHEME);
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const config = builder.build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace('Controller', '').toLowerCase()}_${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
    headers: RESPONSE_HEADERS,
  };
  for (const [template, path] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined) continue;
      documentIdentifiers(operation, template);
      documentOperation(operation);
    }
  }
  return document;
}
