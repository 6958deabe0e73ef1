import { Readable } from 'node:stream';
import type { BackendLog } from '../../service/log.js';
import type { Peers } from '../../service/peers.js';
import { BackendProblem } from '../../service/problem.js';
import { FastqError } from '../../fastq/fastq-error.js';
import { analyse } from '../engine/analysis.js';
import type { QcError, QcInput } from '../qc.tables.js';
import { HEARTBEAT_MS, MAX_ATTEMPTS, type HeldJob, type QcJobQueue } from './qc-job.queue.js';

/** Longest run of one attempt: what a terabyte of compressed reads takes at 25 MB/s. */
const MAX_RUN_MS = 12 * 60 * 60 * 1000;
const RETRY_SECONDS = 5;

class LeaseLost extends Error {}
class TimeLimit extends Error {}
/** The reason with which a run is ended to be handed back. */
export class Stopping extends Error {}

/** Carries one job through: streams its uploads from ingestion into a worker thread and records what came of it. */
export class QcJobRun {
  private processed = 0;
  private readonly ending = new AbortController();

  constructor(
    private readonly held: HeldJob,
    private readonly queue: QcJobQueue,
    private readonly peers: Peers,
    private readonly log: BackendLog,
  ) {}

  /** Ends the run and hands the job back. */
  stop(): void {
    this.ending.abort(new Stopping());
  }

  /** Rejects only where the database does; the lease then runs out and the job is taken up again. */
  async run(): Promise<void> {
    const { job } = this.held;
    if (job.attempt > MAX_ATTEMPTS)
      return this.settle(this.queue.fail(this.held, EXHAUSTED), 'qc_failed', EXHAUSTED.code);
    const heartbeat = setInterval(() => void this.beat(), HEARTBEAT_MS);
    const limit = setTimeout(() => this.ending.abort(new TimeLimit()), MAX_RUN_MS);
    const { signal } = this.ending;
    try {
      const inputs = job.inputs.map((input) => this.content(input));
      const onProgress = (bytes: number): void => {
        this.processed = bytes;
      };
      const result = await analyse(inputs, { assay: job.assay }, { signal, onProgress });
      await this.settle(this.queue.complete(this.held, result, this.processed), 'qc_completed');
    } catch (error) {
      await this.conclude(error);
    } finally {
      clearInterval(heartbeat);
      clearTimeout(limit);
    }
  }

  /** Opened when first read, since the mate's turn comes only after the first file. */
  private content({ upload_id }: QcInput): Readable {
    const { peers } = this;
    const { signal } = this.ending;
    async function* bytes(): AsyncGenerator<Buffer> {
      const body = await peers.download('ingestion', `/upload/${upload_id}/content`, { signal });
      yield* body as AsyncIterable<Buffer>;
    }
    return Readable.from(bytes(), { objectMode: false });
  }

  private async beat(): Promise<void> {
    try {
      if (!(await this.queue.beat(this.held, this.processed))) this.ending.abort(new LeaseLost());
    } catch (error) {
      this.log.fault('qc_heartbeat_failed', error, { job_id: this.held.job.qcJobId });
    }
  }

  private async conclude(error: unknown): Promise<void> {
    const reason: unknown = this.ending.signal.aborted ? this.ending.signal.reason : error;
    const { qcJobId, attempt } = this.held.job;
    if (reason instanceof LeaseLost) return;
    if (reason instanceof Stopping) return this.settle(this.queue.handBack(this.held), 'qc_handed_back');
    const verdict = verdictOn(reason);
    if (verdict !== null) return this.settle(this.queue.fail(this.held, verdict), 'qc_failed', verdict.code);
    this.log.fault('qc_attempt_failed', reason, { job_id: qcJobId, attempt });
    if (attempt >= MAX_ATTEMPTS) return this.settle(this.queue.fail(this.held, EXHAUSTED), 'qc_failed', EXHAUSTED.code);
    return this.settle(this.queue.retry(this.held, RETRY_SECONDS * 2 ** (attempt - 1)), 'qc_retried');
  }

  private async settle(change: Promise<boolean>, event: string, code?: string): Promise<void> {
    const { qcJobId, attempt } = this.held.job;
    const written = await change;
    this.log.info(written ? event : 'qc_lease_lost', { job_id: qcJobId, attempt, ...(code !== undefined && { code }) });
  }
}

const EXHAUSTED: QcError = {
  code: 'attempts_exhausted',
  detail: `The analysis could not be carried through in ${MAX_ATTEMPTS} attempts.`,
  record: null,
};

/** The error that ends the job for good, or null where trying again may help. */
function verdictOn(error: unknown): QcError | null {
  if (error instanceof FastqError) return { code: error.code, detail: error.message, record: error.record };
  if (error instanceof TimeLimit) return { code: 'time_limit', detail: 'The analysis took too long.', record: null };
  if (error instanceof BackendProblem && error.status < 500 && error.status !== 429) {
    return { code: error.code, detail: error.detail, record: null };
  }
  return null;
}
