import { Router } from 'express';
import { identityOf, requirePlatform } from '../service/identity.js';
import { validated } from '../service/validation.js';
import type { ConfigurationStore } from './configuration.store.js';
import type { ParameterValidator } from './parameter-validator.js';
import type { PipelineCatalogue } from './pipeline-catalogue.js';
import type { PipelineDefinition } from './pipeline.types.js';
import {
  CONFIGURATION_REQUEST,
  decodeCursor,
  encodeCursor,
  PAGE_QUERY,
  PARAMETERS_REQUEST,
} from './pipelines.requests.js';
import type { RunnabilityCheck } from './runnability.js';

export interface PipelinesParts {
  readonly catalogue: PipelineCatalogue;
  readonly validator: ParameterValidator;
  readonly configurations: ConfigurationStore;
  readonly runnability: RunnabilityCheck;
}

/** The catalogue, its configurations, and what peers need to run them. */
export function createPipelinesRouter(parts: PipelinesParts): Router {
  const router = Router();
  addCatalogueRoutes(router, parts);
  addConfigurationRoutes(router, parts);
  addPeerRoutes(router, parts);
  return router;
}

function addCatalogueRoutes(router: Router, { catalogue, runnability }: PipelinesParts): void {
  const view = async (definition: PipelineDefinition) => ({
    ...publicPart(definition),
    ...(await runnability.of(definition)),
  });

  router.get('/pipelines', async (request, response) => {
    const query = validated(PAGE_QUERY, request.query);
    const page = catalogue.page(query.limit, decodeCursor(query.cursor, /^[A-Za-z0-9._-]{1,128}$/));
    response.json({ items: await Promise.all(page.items.map(view)), next_cursor: encodeCursor(page.next) });
  });

  router.get('/pipelines/:pipelineId', async (request, response) => {
    response.json(await view(catalogue.get(request.params.pipelineId)));
  });
}

function addConfigurationRoutes(router: Router, { catalogue, validator, configurations }: PipelinesParts): void {
  router.post('/pipelines/:pipelineId/configurations', async (request, response) => {
    const definition = catalogue.get(request.params.pipelineId);
    const body = validated(CONFIGURATION_REQUEST, request.body);
    const configuration = await configurations.create({
      pipelineId: definition.pipeline_id,
      pipelineVersion: definition.version,
      name: body.name,
      description: body.description ?? null,
      parameters: validator.complete(definition, body.parameters),
      owner: identityOf(request).userId,
    });
    response.status(201).json(configuration);
  });

  router.get('/pipelines/:pipelineId/configurations', async (request, response) => {
    const definition = catalogue.get(request.params.pipelineId);
    const query = validated(PAGE_QUERY, request.query);
    const after = Number(decodeCursor(query.cursor, /^\d{1,15}$/) ?? 0);
    const page = await configurations.page(definition.pipeline_id, query.limit, after);
    response.json({ items: page.items, next_cursor: encodeCursor(page.next) });
  });

  router.get('/configurations/:configurationId', async (request, response) => {
    response.json(await configurations.get(request.params.configurationId));
  });
}

function addPeerRoutes(router: Router, { catalogue, validator }: PipelinesParts): void {
  router.get('/pipelines/:pipelineId/definition', (request, response) => {
    requirePlatform(identityOf(request));
    response.json(catalogue.get(request.params.pipelineId));
  });

  router.post('/pipelines/:pipelineId/parameters', (request, response) => {
    requirePlatform(identityOf(request));
    const definition = catalogue.get(request.params.pipelineId);
    const { parameters } = validated(PARAMETERS_REQUEST, request.body);
    response.json({ parameters: validator.complete(definition, parameters) });
  });
}

const publicPart = (definition: PipelineDefinition) => ({
  pipeline_id: definition.pipeline_id,
  name: definition.name,
  version: definition.version,
  description: definition.description,
  engine: definition.engine,
  inputs: definition.inputs,
  parameters_schema: definition.parameters_schema,
  outputs: definition.outputs.map(({ name, description }) => ({ name, description })),
});
