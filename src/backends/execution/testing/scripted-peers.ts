import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Peers } from '../../service/peers.js';
import { BackendProblem } from '../../service/problem.js';
import type { PipelineDefinition } from '../jobs/job.types.js';

export interface ScriptedUpload {
  readonly path: string;
  readonly fields?: Record<string, unknown>;
}

export interface Completion {
  readonly jobId: string;
  readonly body: { files: { name: string; sha256: string; size: number }[] };
}

/** For tests: ingestion, pipelines and results as an execution service meets them, with files on disk behind them. */
export class ScriptedPeers implements Peers {
  readonly completions: Completion[] = [];
  readonly definitions = new Map<string, PipelineDefinition>();
  readonly uploads = new Map<string, ScriptedUpload>();
  readonly configurations = new Map<string, { pipeline_id: string; parameters: Record<string, unknown> }>();
  /** Called before each call; may throw, or wait. */
  before: (call: string) => void | Promise<void> = () => undefined;

  constructor(
    private readonly directory: string,
    readonly sampleId = 'S1',
  ) {}

  async json<T>(service: string, method: string, path: string, options?: { body?: unknown }): Promise<T> {
    await this.before(`${service} ${method} ${path}`);
    return (await this.answer(service, method, path, options?.body)) as T;
  }

  async download(service: string, path: string): Promise<Readable> {
    await this.before(`${service} GET ${path}`);
    const upload = this.uploads.get(path.split('/')[2] ?? '');
    if (upload === undefined) throw new BackendProblem(404, 'upload_not_found', 'Unknown.');
    return Readable.from([await readFile(upload.path)]);
  }

  async upload<T>(service: string, path: string, content: Readable): Promise<T> {
    await this.before(`${service} PUT ${path}`);
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await buffer(content));
    return {} as T;
  }

  /** The bytes of a result file. */
  result(jobId: string, name: string): Promise<Buffer> {
    return readFile(join(this.directory, 'results', jobId, 'files', name));
  }

  private async answer(service: string, method: string, path: string, body: unknown): Promise<unknown> {
    const [, kind = '', id = '', part] = path.split('/');
    if (service === 'pipelines' && kind === 'configurations') {
      const configuration = this.configurations.get(id);
      if (configuration === undefined) throw new BackendProblem(404, 'configuration_not_found', 'Unknown.');
      return { configuration_id: id, ...configuration };
    }
    if (service === 'pipelines') {
      const definition = this.definitions.get(id);
      if (definition === undefined) throw new BackendProblem(404, 'pipeline_not_found', 'Unknown.');
      return part === 'definition' ? definition : body;
    }
    if (service === 'ingestion') return this.uploadRecord(id);
    if (method === 'GET' && !this.completions.some((each) => each.jobId === id)) {
      throw new BackendProblem(404, 'results_not_found', 'Unknown.');
    }
    if (method === 'POST') {
      this.completions.push({ jobId: id, body: body as Completion['body'] });
      appendFileSync(join(this.directory, 'completions'), `${id}\n`);
    }
    return {};
  }

  private async uploadRecord(id: string): Promise<Record<string, unknown>> {
    const upload = this.uploads.get(id);
    if (upload === undefined) throw new BackendProblem(404, 'upload_not_found', 'Unknown.');
    const bytes = await readFile(upload.path);
    return {
      upload_id: id,
      status: 'completed',
      sample_id: this.sampleId,
      file_type: id.startsWith('upl_ref') ? 'fasta' : 'fastq',
      compression: upload.path.endsWith('.gz') ? 'gzip' : 'none',
      file_size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      read_count: null,
      mate_upload_id: null,
      ...upload.fields,
    };
  }
}
