import { count, eq } from 'drizzle-orm';
import type { BackendClock } from '../../service/clock.js';
import type { Database } from '../../service/database.js';
import { isIdentifier, newId } from '../../service/identifiers.js';
import { queueFull } from '../qc.problems.js';
import { qcJobs, type QcJobRow } from '../qc.tables.js';

/** Jobs that may wait; instances that submit at the same moment may exceed it by one each. */
const MAX_QUEUED = 1_000;

export type NewQcJob = Pick<QcJobRow, 'owner' | 'project' | 'sampleId' | 'assay' | 'inputs'>;

/** What clients do with jobs: submit and read. */
export class QcJobStore {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
  ) {}

  /** Throws 503 `queue_full`. */
  async submit(job: NewQcJob): Promise<QcJobRow> {
    const [waiting] = await this.database.select({ jobs: count() }).from(qcJobs).where(eq(qcJobs.status, 'queued'));
    if ((waiting?.jobs ?? 0) >= MAX_QUEUED) throw queueFull();
    const [row] = await this.database
      .insert(qcJobs)
      .values({ ...job, ...FRESH, qcJobId: newId('qc'), createdAt: new Date(this.clock.now()), availableAt: EPOCH })
      .returning();
    if (row === undefined) throw new Error('The insert returned no row.');
    return row;
  }

  async find(qcJobId: string): Promise<QcJobRow | undefined> {
    if (!isIdentifier(qcJobId)) return undefined;
    const rows = await this.database.select().from(qcJobs).where(eq(qcJobs.qcJobId, qcJobId));
    return rows[0];
  }
}

const EPOCH = new Date(0);
const FRESH = { status: 'queued', processedBytes: 0, attempt: 0 } as const;
