import { isDeepStrictEqual } from 'node:util';
import { eq } from 'drizzle-orm';
import type { BackendClock } from '../service/clock.js';
import type { Database } from '../service/database.js';
import { fileNotReceived, resultsCompleted } from './results.problems.js';
import type { Completion } from './results.schemas.js';
import type { StoredFile } from './file-store.js';
import { manifests, stagedFiles, type Manifest, type ResultFile } from './results.tables.js';

/** What is known of jobs' results: files that have arrived, and manifests, which are written once. */
export class ManifestStore {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
  ) {}

  find(jobId: string): Promise<Manifest | undefined> {
    return findIn(this.database, jobId);
  }

  /**
   * Notes that a file has arrived, in place of an earlier one of that name. Returns the manifest, and notes nothing, if
   * the job is complete already.
   */
  async stage(jobId: string, name: string, { sha256, size }: StoredFile): Promise<Manifest | undefined> {
    const row = { sha256, size, storedAt: new Date(this.clock.now()) };
    return this.database.transaction(async (transaction) => {
      const manifest = await findIn(transaction, jobId);
      if (manifest !== undefined) return manifest;
      await transaction
        .insert(stagedFiles)
        .values({ jobId, name, ...row })
        .onConflictDoUpdate({ target: [stagedFiles.jobId, stagedFiles.name], set: row });
      return undefined;
    });
  }

  /**
   * Writes the manifest if all its files have arrived; the same completion again changes nothing. Throws
   * `file_not_received`, or `results_completed` when another manifest is there.
   */
  async complete(jobId: string, completion: Completion): Promise<{ manifest: Manifest; isNew: boolean }> {
    const wanted = rowFor(jobId, completion, new Date(this.clock.now()));
    return this.database.transaction(async (transaction) => {
      const existing = (await findIn(transaction, jobId)) ?? (await insertInto(transaction, wanted));
      if (existing === undefined) return { manifest: wanted, isNew: true };
      if (!isDeepStrictEqual({ ...wanted, completedAt: existing.completedAt }, existing)) throw resultsCompleted();
      return { manifest: existing, isNew: false };
    });
  }
}

type Transaction = Pick<Database, 'select' | 'insert' | 'delete'>;

async function findIn(database: Transaction, jobId: string): Promise<Manifest | undefined> {
  const [manifest] = await database.select().from(manifests).where(eq(manifests.jobId, jobId));
  return manifest;
}

/** Returns the manifest that another process wrote first, if one did. */
async function insertInto(transaction: Transaction, wanted: Manifest): Promise<Manifest | undefined> {
  const staged = await transaction.select().from(stagedFiles).where(eq(stagedFiles.jobId, wanted.jobId));
  const absent = wanted.files.filter((file) => !staged.some((row) => isSameFile(row, file)));
  if (absent.length > 0) throw fileNotReceived(absent.map((file) => file.name));
  const written = await transaction.insert(manifests).values(wanted).onConflictDoNothing().returning();
  if (written.length === 0) return findIn(transaction, wanted.jobId);
  await transaction.delete(stagedFiles).where(eq(stagedFiles.jobId, wanted.jobId));
  return undefined;
}

/** Whether a stored file is the one that a manifest names. */
export const isSameFile = (stored: StoredFile & { name: string }, file: ResultFile): boolean =>
  stored.name === file.name && stored.sha256 === file.sha256 && stored.size === file.size;

const rowFor = (jobId: string, completion: Completion, completedAt: Date): Manifest => ({
  jobId,
  sampleId: completion.sample_id,
  pipelineId: completion.pipeline_id,
  pipelineVersion: completion.pipeline_version,
  owner: completion.owner,
  project: completion.project_id,
  completedAt,
  files: completion.files.map(({ name, size, sha256, media_type, description }) => ({
    name,
    size,
    sha256,
    media_type,
    description,
  })),
});
