import { isIdentifier } from '../service/identifiers.js';
import type { Identity } from '../service/identity.js';
import type { Peers } from '../service/peers.js';
import { BackendProblem } from '../service/problem.js';
import { commonProject, DEFAULT_PROJECT } from '../service/resource-access.js';
import { invalidRequest } from '../service/validation.js';
import { isAssay, type Assay } from './engine/thresholds.js';
import type { NewQcJob } from './jobs/qc-job.store.js';
import { matesMismatch, notFastq, unknownAssay, uploadNotFound, uploadNotReady } from './qc.problems.js';
import { UPLOAD, type AnalyzeRequest, type Upload } from './qc.requests.js';

const DEFAULT_ASSAY: Assay = 'wgs';

/** Decides whether a request may become a job, by asking ingestion about its uploads as the caller. */
export class Submission {
  constructor(private readonly peers: Peers) {}

  /** Throws the problems of `POST /analyze`. */
  async check(request: AnalyzeRequest, caller: Identity): Promise<NewQcJob> {
    const assay = request.assay ?? DEFAULT_ASSAY;
    if (!isAssay(assay)) throw unknownAssay();
    const ids = [request.upload_id, ...(request.mate_upload_id == null ? [] : [request.mate_upload_id])];
    const uploads = await Promise.all(ids.map((id) => this.upload(id, caller)));
    for (const upload of uploads) checkUpload(upload, request.sample_id);
    const [first, second] = uploads;
    if (first !== undefined && second !== undefined) checkMates(first, second);
    return {
      owner: caller.userId,
      project: commonProject(uploads.map((upload) => upload.project_id)) ?? DEFAULT_PROJECT,
      sampleId: request.sample_id,
      assay,
      inputs: uploads.map(({ upload_id, file_name, file_size }) => ({ upload_id, file_name, file_size })),
    };
  }

  private async upload(uploadId: string, caller: Identity): Promise<Upload> {
    if (!isIdentifier(uploadId)) throw uploadNotFound();
    const answer = await this.peers.json<unknown>('ingestion', 'GET', `/upload/${uploadId}`, { as: caller });
    const parsed = UPLOAD.safeParse(answer);
    if (!parsed.success) throw new BackendProblem(502, 'peer_unavailable', 'The ingestion service does not answer.');
    return parsed.data;
  }
}

function checkUpload(upload: Upload, sampleId: string): void {
  if (upload.status !== 'completed') throw uploadNotReady();
  if (upload.file_type !== 'fastq') throw notFastq();
  // A report filed under another sample would be believed by whoever reads it there.
  if (upload.sample_id !== sampleId) {
    throw invalidRequest([{ pointer: '/sample_id', detail: 'is not the sample of the upload' }]);
  }
}

function checkMates(first: Upload, second: Upload): void {
  if (first.upload_id === second.upload_id) throw matesMismatch('A file is not its own mate.');
  const pairs = [
    [first, second],
    [second, first],
  ] as const;
  for (const [one, other] of pairs) {
    const known = one.mate_upload_id ?? one.mate_of;
    if (known != null && known !== other.upload_id)
      throw matesMismatch('One of the uploads is the mate of another file.');
  }
  const counted = first.read_count != null && second.read_count != null;
  if (counted && first.read_count !== second.read_count) {
    throw matesMismatch('The uploads have different numbers of reads.');
  }
}
