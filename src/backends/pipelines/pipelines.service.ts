import type { BackendDefinition } from '../service/backend-service.js';
import { ConfigurationStore } from './configuration.store.js';
import { ParameterValidator } from './parameter-validator.js';
import { PipelineCatalogue } from './pipeline-catalogue.js';
import { createPipelinesRouter } from './pipelines.router.js';
import { pipelinesMigrations } from './pipelines.tables.js';
import { RunnabilityCheck } from './runnability.js';

export const pipelinesService: BackendDefinition = {
  name: 'pipelines',
  migrations: pipelinesMigrations,
  create({ database, peers, clock }) {
    const router = createPipelinesRouter({
      catalogue: new PipelineCatalogue(),
      validator: new ParameterValidator(),
      configurations: new ConfigurationStore(database, clock),
      runnability: new RunnabilityCheck(peers, clock),
    });
    return Promise.resolve({ router, stop: () => Promise.resolve() });
  },
};
