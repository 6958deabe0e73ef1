import { readdir, readFile } from 'node:fs/promises';

/** A process group of ours, told from a later group of the same number by its leader's start. */
export interface ProcessGroup {
  readonly machine: string;
  readonly pgid: number;
  /** Clock ticks after boot at which the leader began (proc(5) field 22), '' where there is no /proc. */
  readonly start: string;
}

interface ProcessStat {
  readonly state: string;
  readonly start: string;
}

/** When the process began; undefined when there is none of that number, or no /proc. A zombie counts as gone. */
export async function startOf(pid: number): Promise<string | undefined> {
  const stat = await statOf(pid);
  return stat === undefined || stat.state === 'Z' ? undefined : stat.start;
}

async function statOf(pid: number): Promise<ProcessStat | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Fields are counted after the command, which may itself hold spaces and brackets.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** Living processes (zombies aside) whose environment holds `NAME=value`; [] where there is no /proc. */
export async function processesMarked(variable: string): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const marked = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return pid !== process.pid && environment.split('\0').includes(variable) && (await startOf(pid)) !== undefined;
    }),
  );
  return pids.filter((_pid, index) => marked[index]);
}

/** Sends the signal; a process or (negative) group that is gone already is fine. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
