import { ContentError } from './content/content-fault.js';
import { Growth } from './content/growth.js';
import { inspectFile } from './content/inspect-file.js';
import { Inspection, type InspectionOutcome, type Inspector } from './inspection.js';

/** Inspects on the thread it is called from. */
export class LocalInspector implements Inspector {
  private readonly running = new Set<Promise<void>>();
  private readonly growths = new Set<Growth>();

  start(path: string): Inspection {
    const growth = new Growth();
    const inspection = new Inspection(growth);
    this.growths.add(growth);
    const done = runInspection(path, growth, (position) => {
      inspection.progress(position);
    }).then((outcome) => {
      this.growths.delete(growth);
      this.running.delete(done);
      inspection.settle(outcome);
    });
    this.running.add(done);
    return inspection;
  }

  async close(): Promise<void> {
    for (const growth of this.growths) growth.cancel();
    await Promise.all(this.running);
  }
}

/** `inspectFile` with every end as a value. */
export async function runInspection(
  path: string,
  growth: Growth,
  progress: (position: number) => void,
): Promise<InspectionOutcome> {
  try {
    return { kind: 'report', report: await inspectFile(path, growth, progress) };
  } catch (error) {
    if (error instanceof ContentError) return { kind: 'fault', fault: error.fault };
    return { kind: 'error', error: error instanceof Error ? error : new Error('The inspection failed.') };
  }
}
