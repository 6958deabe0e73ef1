import type { Identity } from '../../service/identity.js';
import type { Peers } from '../../service/peers.js';
import { commonProject, projectFor } from '../../service/resource-access.js';
import { invalidRequest } from '../../service/validation.js';
import { fileTypeMismatch, inputMissing, inputNotReady, matesMismatch, sampleMismatch } from '../execution.problems.js';
import type { InputFiles, PipelineDefinition } from '../jobs/job.types.js';
import type { JobRequest } from './execution.requests.js';

interface Upload {
  readonly upload_id: string;
  readonly status: 'receiving' | 'completed' | 'failed';
  readonly sample_id: string;
  readonly project_id: string;
  readonly file_type: string;
  readonly compression: 'gzip' | 'none';
  readonly file_size: number;
  readonly sha256: string | null;
  readonly read_count: number | null;
  readonly mate_upload_id: string | null;
}

type PipelineInput = PipelineDefinition['inputs'][number];

export interface CheckedInputs {
  /** Of all inputs, and so of the job. */
  readonly project: string;
  readonly files: InputFiles;
}

/** Holds the uploads a job names against what its pipeline takes; they are read as the caller, who must be allowed to. */
export class InputChecks {
  constructor(private readonly peers: Peers) {}

  async check(identity: Identity, request: JobRequest, definition: PipelineDefinition): Promise<CheckedInputs> {
    const named = request.inputs ?? {};
    refuseMissing(named, definition);
    const uploads = new Map<PipelineInput['name'], Upload>();
    for (const input of definition.inputs) {
      const id = named[input.name];
      if (id === undefined) continue;
      const upload = await this.peers.json<Upload>('ingestion', 'GET', `/upload/${id}`, { as: identity });
      refuseUnfit(upload, input, request.sample_id);
      uploads.set(input.name, upload);
    }
    refuseOtherMates(uploads.get('reads_1'), uploads.get('reads_2'));
    const shared = commonProject([...uploads.values()].map((upload) => upload.project_id));
    const project = projectFor(identity, request.project_id ?? shared);
    commonProject([project, shared ?? project]);
    return { project, files: Object.fromEntries([...uploads].map(([name, upload]) => [name, inputFileOf(upload)])) };
  }
}

function refuseMissing(named: NonNullable<JobRequest['inputs']>, definition: PipelineDefinition): void {
  const unknown = (['reads_1', 'reads_2', 'reference'] as const).filter(
    (name) => named[name] !== undefined && !definition.inputs.some((input) => input.name === name),
  );
  if (unknown.length > 0) {
    throw invalidRequest(
      unknown.map((name) => ({ pointer: `/inputs/${name}`, detail: 'is no input of the pipeline' })),
    );
  }
  const missing = definition.inputs.filter((input) => input.required && named[input.name] === undefined);
  if (missing.length > 0) {
    throw inputMissing(missing.map(({ name }) => ({ pointer: `/inputs/${name}`, detail: 'is required' })));
  }
}

function refuseUnfit(upload: Upload, input: PipelineInput, sampleId: string): void {
  const pointer = `/inputs/${input.name}`;
  if (upload.status !== 'completed' || upload.sha256 === null) throw inputNotReady(pointer);
  if (!input.file_types.includes(upload.file_type)) throw fileTypeMismatch(pointer, input.file_types);
  // Reads of one person must never be reported under another's name.
  if (input.name !== 'reference' && upload.sample_id !== sampleId) throw sampleMismatch(pointer);
}

function refuseOtherMates(first: Upload | undefined, second: Upload | undefined): void {
  if (first === undefined || second === undefined) return;
  if (first.upload_id === second.upload_id) throw matesMismatch('Both mates are the same upload.');
  const isPaired = (one: Upload, other: Upload): boolean =>
    one.mate_upload_id === null || one.mate_upload_id === other.upload_id;
  if (!isPaired(first, second) || !isPaired(second, first)) {
    throw matesMismatch('An input was uploaded as the mate of another file.');
  }
  if (first.read_count !== null && second.read_count !== null && first.read_count !== second.read_count) {
    throw matesMismatch('The mates do not have the same number of reads.');
  }
}

const inputFileOf = (upload: Upload) => ({
  upload_id: upload.upload_id,
  file_type: upload.file_type,
  compression: upload.compression,
  size_bytes: upload.file_size,
  sha256: upload.sha256 ?? '',
});
