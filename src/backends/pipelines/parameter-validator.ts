import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FieldError } from '../service/validation.js';
import { parametersInvalid } from './pipelines.problems.js';
import type { PipelineDefinition } from './pipeline.types.js';

export type Parameters = Record<string, unknown>;

const MAX_ERRORS = 50;

/** Holds parameters against a pipeline's JSON Schema (2020-12) and fills its defaults. One compiled schema per version. */
export class ParameterValidator {
  private readonly ajv = new Ajv2020({ allErrors: true, useDefaults: true, strict: true });
  private readonly compiled = new WeakMap<PipelineDefinition, ValidateFunction>();

  constructor() {
    addFormats.default(this.ajv);
  }

  /** The parameters as the pipeline will run with them; throws 422 `parameters_invalid`, the argument stays untouched. */
  complete(definition: PipelineDefinition, parameters: Parameters): Parameters {
    const candidate = structuredClone(parameters);
    const validate = this.validatorOf(definition);
    if (validate(candidate)) return candidate;
    throw parametersInvalid((validate.errors ?? []).slice(0, MAX_ERRORS).map(fieldErrorOf));
  }

  private validatorOf(definition: PipelineDefinition): ValidateFunction {
    const known = this.compiled.get(definition);
    if (known !== undefined) return known;
    const validate = this.ajv.compile(definition.parameters_schema);
    this.compiled.set(definition, validate);
    return validate;
  }
}

// ajv's messages state the rule; only enum needs its values added, and an unknown property is named by the pointer.
function fieldErrorOf(error: ErrorObject): FieldError {
  if (error.keyword === 'additionalProperties') {
    const { additionalProperty } = error.params as { additionalProperty: string };
    const token = additionalProperty.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 128);
    return { pointer: `${error.instancePath}/${token}`, detail: 'The pipeline has no such parameter.' };
  }
  const values =
    error.keyword === 'enum' ? `: ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}` : '';
  return { pointer: error.instancePath, detail: `${error.message ?? 'is not valid'}${values}` };
}
