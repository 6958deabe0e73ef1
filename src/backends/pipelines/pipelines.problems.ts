import { BackendProblem } from '../service/problem.js';
import type { FieldError } from '../service/validation.js';

export const pipelineNotFound = (): BackendProblem =>
  new BackendProblem(404, 'pipeline_not_found', 'No pipeline has this id.');

export const configurationNotFound = (): BackendProblem =>
  new BackendProblem(404, 'configuration_not_found', 'No configuration has this id.');

/** `errors` name the place and the rule, never the value. */
export const parametersInvalid = (errors: readonly FieldError[]): BackendProblem =>
  new BackendProblem(422, 'parameters_invalid', 'The parameters do not satisfy the schema of the pipeline.', {
    errors,
  });
