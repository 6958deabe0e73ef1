import { setTimeout as sleep } from 'node:timers/promises';
import { processesMarked, sendSignal, startOf, type ProcessGroup } from './process-table.js';

const POLL_MS = 50;
const GONE_WITHIN_MS = 10_000;

/** The variable that every process of a job carries, so that it is found even if its group was never recorded. */
export const JOB_VARIABLE = 'GENOFLOW_JOB';

export const markOf = (jobId: string): string => `${JOB_VARIABLE}=${jobId}`;

/** A job's processes would not die; the job must not be started again beside them. */
export class SurvivingProcessError extends Error {
  constructor() {
    super('Processes of the job survived SIGKILL.');
    this.name = 'SurvivingProcessError';
  }
}

/**
 * Kills what an earlier life left of a job on this machine and waits until it is gone. The recorded group is only
 * touched while its leader is the very process that was recorded; what else carries the job's mark is killed by itself.
 */
export async function killLeftovers(jobId: string, group: ProcessGroup | null, machine: string): Promise<void> {
  if (
    group !== null &&
    group.machine === machine &&
    group.start !== '' &&
    (await startOf(group.pgid)) === group.start
  ) {
    sendSignal(-group.pgid, 'SIGKILL');
  }
  for (let waited = 0; waited < GONE_WITHIN_MS; waited += POLL_MS) {
    const left = await processesMarked(markOf(jobId));
    if (left.length === 0) return;
    for (const pid of left) sendSignal(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
  throw new SurvivingProcessError();
}
