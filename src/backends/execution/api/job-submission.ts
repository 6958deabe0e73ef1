import type { Identity } from '../../service/identity.js';
import type { Peers } from '../../service/peers.js';
import { invalidRequest } from '../../service/validation.js';
import { keyReused, pipelineNotRunnable } from '../execution.problems.js';
import type { JobRow } from '../jobs/execution.tables.js';
import type { IdempotencyKey, JobStore, NewJob } from '../jobs/job.store.js';
import type { PipelineDefinition } from '../jobs/job.types.js';
import type { Capabilities } from '../tools/capabilities.js';
import { freshProgress } from '../work/step-plan.js';
import { requestDigest, type JobRequest } from './execution.requests.js';
import type { InputChecks } from './input-checks.js';

interface Configuration {
  readonly configuration_id: string;
  readonly pipeline_id: string;
  readonly parameters: Record<string, unknown>;
}

export interface Submission {
  readonly job: JobRow;
  /** An earlier request with the same key made the job. */
  readonly isReplay: boolean;
}

/** Everything that must hold before a job is queued; what is refused here never becomes a failed job. */
export class JobSubmission {
  constructor(
    private readonly store: JobStore,
    private readonly peers: Peers,
    private readonly capabilities: Capabilities,
    private readonly inputs: InputChecks,
  ) {}

  async submit(identity: Identity, request: JobRequest, key: string | undefined): Promise<Submission> {
    const idempotency =
      key === undefined ? undefined : { owner: identity.userId, key, requestSha256: requestDigest(request) };
    const earlier = idempotency && (await this.replay(idempotency));
    if (earlier !== undefined) return earlier;
    const job = await this.store.submit(await this.checked(identity, request), idempotency);
    if (job !== undefined) return { job, isReplay: false };
    const winner = idempotency && (await this.replay(idempotency));
    if (winner === undefined) throw new Error('A key is taken, but its job is unknown.');
    return winner;
  }

  private async replay(idempotency: IdempotencyKey): Promise<Submission | undefined> {
    const known = await this.store.known(idempotency);
    if (known === undefined) return undefined;
    if (known.requestSha256 !== idempotency.requestSha256) throw keyReused();
    return { job: known.job, isReplay: true };
  }

  private async checked(identity: Identity, request: JobRequest): Promise<NewJob> {
    const path = `/pipelines/${request.pipeline_id}`;
    const definition = await this.peers.json<PipelineDefinition>('pipelines', 'GET', `${path}/definition`);
    const configuration = await this.configurationOf(identity, request);
    const body = { parameters: { ...configuration?.parameters, ...request.parameters } };
    const { parameters } = await this.peers.json<{ parameters: Record<string, unknown> }>(
      'pipelines',
      'POST',
      `${path}/parameters`,
      { body },
    );
    const missing = await this.capabilities.missing(definition.required_tools);
    if (missing.length > 0) throw pipelineNotRunnable(missing);
    const { project, files } = await this.inputs.check(identity, request, definition);
    return {
      owner: identity.userId,
      project,
      sampleId: request.sample_id,
      pipelineId: definition.pipeline_id,
      pipelineVersion: definition.version,
      configurationId: configuration?.configuration_id ?? null,
      definition,
      inputs: files,
      parameters,
      tags: request.tags ?? [],
      progress: freshProgress(definition),
    };
  }

  private async configurationOf(identity: Identity, request: JobRequest): Promise<Configuration | undefined> {
    const { configuration_id: id } = request;
    if (id === undefined || id === null) return undefined;
    const configuration = await this.peers.json<Configuration>('pipelines', 'GET', `/configurations/${id}`, {
      as: identity,
    });
    if (configuration.pipeline_id !== request.pipeline_id) {
      throw invalidRequest([{ pointer: '/configuration_id', detail: 'belongs to another pipeline' }]);
    }
    return configuration;
  }
}
