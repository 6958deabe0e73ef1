import { createHash } from 'node:crypto';
import { runService, type TestService } from '../../service/testing/run-service.js';
import { resultsService } from '../results.service.js';

export const SERVICE = { kind: 'peer', userId: 'service:execution', roles: [] } as const;
export const ANONYMOUS = { userId: 'anonymous', roles: [] };
export const CONTENT = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { code: unknown }).code;

export const fileEntry = (name: string, bytes: Buffer) => ({
  name,
  media_type: 'text/plain',
  description: 'a file',
  sha256: sha256(bytes),
  size: bytes.length,
});

/** For tests: a results service on a clock that stands still, and what the execution service says to it. */
export class ResultsClient {
  private constructor(
    readonly service: TestService,
    readonly time: { now: number },
  ) {}

  static async open(): Promise<ResultsClient> {
    const time = { now: 1_700_000_000_500 };
    return new ResultsClient(await runService(resultsService, { clock: { now: () => time.now } }), time);
  }

  put(jobId: string, name: string, bytes: Buffer, digest = sha256(bytes)): Promise<Response> {
    return this.service.call(`/results/${jobId}/files/${name}`, {
      as: SERVICE,
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'content-type': 'application/octet-stream', 'x-sha256': digest },
    });
  }

  complete(jobId: string, files: unknown[]): Promise<Response> {
    return this.service.call(`/results/${jobId}`, {
      as: SERVICE,
      json: { sample_id: 'S1', pipeline_id: 'trim', pipeline_version: '1.0.0', owner: 'usr_owner', files },
    });
  }

  async completedJob(jobId: string, bytes = CONTENT): Promise<void> {
    const stored = await this.put(jobId, 'report.txt', bytes);
    const completed = await this.complete(jobId, [fileEntry('report.txt', bytes)]);
    if (stored.status !== 200 || completed.status !== 201) throw new Error('the job could not be completed');
  }
}
