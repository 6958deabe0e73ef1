import { and, count, eq, isNull } from 'drizzle-orm';
import type { Database } from '../service/database.js';
import type { Identity } from '../service/identity.js';
import { isIdentifier } from '../service/identifiers.js';
import { commonProject, maySee, projectFor } from '../service/resource-access.js';
import { checkMates } from './mates.js';
import { matesMismatch, uploadNotFound } from './upload.problems.js';
import type { Uploader } from './upload-completion.js';
import type { UploadMetadata } from './upload-metadata.js';
import { uploads, type UploadError, type UploadRow } from './upload.tables.js';

type Handle = Pick<Database, 'select' | 'insert' | 'update'>;

/** The uploads' records. */
export class UploadStore {
  constructor(private readonly database: Database) {}

  async find(id: string): Promise<UploadRow | undefined> {
    return isIdentifier(id) ? (await this.database.select().from(uploads).where(eq(uploads.id, id)))[0] : undefined;
  }

  /** The upload, if this caller may know of it; 404 `upload_not_found` otherwise. */
  async visible(id: string, identity: Identity): Promise<UploadRow> {
    const row = await this.find(id);
    if (row === undefined || !maySee(identity, row)) throw uploadNotFound();
    return row;
  }

  /** The upload, if it is this caller's own; 404 `upload_not_found` otherwise. */
  async owned(id: string, identity: Identity): Promise<UploadRow> {
    const row = await this.find(id);
    if (row?.owner !== identity.userId || !maySee(identity, row)) throw uploadNotFound();
    return row;
  }

  /** Where a new file goes: to its mate's project, else to the one asked for. */
  async uploaderOf({ mate_of, project_id }: UploadMetadata, identity: Identity): Promise<Uploader> {
    const mate = mate_of === undefined ? undefined : await this.visible(mate_of, identity);
    const project = projectFor(identity, project_id ?? mate?.project);
    commonProject([project, mate?.project ?? project]);
    return { userId: identity.userId, project };
  }

  async insert(row: UploadRow): Promise<void> {
    await this.database.insert(uploads).values(row);
  }

  async remove(id: string): Promise<void> {
    await this.database.delete(uploads).where(eq(uploads.id, id));
  }

  async fail(id: string, error: UploadError): Promise<void> {
    await this.database.update(uploads).set({ status: 'failed', error }).where(eq(uploads.id, id));
  }

  async countReceiving(owner: string): Promise<number> {
    const where = and(eq(uploads.owner, owner), eq(uploads.status, 'receiving'));
    return (await this.database.select({ value: count() }).from(uploads).where(where))[0]?.value ?? 0;
  }

  receiving(): Promise<UploadRow[]> {
    return this.database.select().from(uploads).where(eq(uploads.status, 'receiving'));
  }

  /**
   * Writes the completed record and ties it to its mate, on both sides or not at all. Of two mates that complete at the
   * same moment the row lock makes one the later, and the later one compares. Throws 422 `mates_mismatch`.
   */
  async complete(row: UploadRow): Promise<UploadRow> {
    return this.database.transaction(async (transaction) => {
      await transaction
        .insert(uploads)
        .values({ ...row, status: 'receiving' })
        .onConflictDoNothing();
      const mate = (await first(transaction, row)) ?? (await waitingFor(transaction, row.id));
      if (mate !== undefined) {
        checkMates(row, mate);
        await transaction.update(uploads).set({ mateUploadId: row.id }).where(eq(uploads.id, mate.id));
      }
      const completed = { ...row, mateUploadId: mate?.id ?? null };
      await transaction.update(uploads).set(completed).where(eq(uploads.id, row.id));
      return completed;
    });
  }
}

/** R1, when R2 names it and it is there already; locked until the transaction ends. */
async function first(handle: Handle, row: UploadRow): Promise<UploadRow | undefined> {
  if (row.mateOf === null) return undefined;
  const [mate] = await handle.select().from(uploads).where(eq(uploads.id, row.mateOf)).for('update');
  if (mate === undefined || mate.status === 'failed')
    throw matesMismatch('The first file of the pair was refused or removed.');
  if (mate.status === 'completed' && mate.mateUploadId !== null)
    throw matesMismatch('The first file already has a mate.');
  return mate.status === 'completed' ? mate : undefined;
}

/** R2, when it completed before the R1 that it names. */
async function waitingFor(handle: Handle, id: string): Promise<UploadRow | undefined> {
  await handle.select({ id: uploads.id }).from(uploads).where(eq(uploads.id, id)).for('update');
  const where = and(eq(uploads.mateOf, id), eq(uploads.status, 'completed'), isNull(uploads.mateUploadId));
  return (await handle.select().from(uploads).where(where).limit(1))[0];
}
