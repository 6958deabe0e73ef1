import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem, uptime } from 'node:os';
import type { SystemFigures } from './metrics.types.js';

/** Figures of the machine this service runs on; `directory` says which file system's room is meant. */
export async function localSystem(directory: string): Promise<SystemFigures> {
  const { bavail, bsize } = await statfs(directory);
  return {
    cpu_count: availableParallelism(),
    load_average: loadavg(),
    memory_total_bytes: totalmem(),
    memory_free_bytes: freemem(),
    disk_free_bytes: bavail * bsize,
    uptime_seconds: Math.floor(uptime()),
  };
}
