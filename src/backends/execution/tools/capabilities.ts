import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { BackendClock } from '../../service/clock.js';
import { versionOf } from './tool-version.js';

export interface Tool {
  readonly tool: string;
  readonly available: boolean;
  readonly version: string | null;
  /** Why it is not available. */
  readonly reason: string | null;
}

interface KnownTool {
  /** Path, size and time of change: only another program is asked for its version again. */
  readonly fingerprint: string;
  readonly tool: Tool;
}

const LOOK_EVERY_MS = 60_000;

/** Each with the arguments that make it tell its version; bwa tells it when it is given nothing to do. */
export const PROBES: Readonly<Record<string, readonly string[]>> = {
  cwltool: ['--version'],
  bash: ['--version'],
  gzip: ['--version'],
  fastp: ['--version'],
  bwa: [],
  samtools: ['--version'],
  bcftools: ['--version'],
  multiqc: ['--version'],
};

/** Which programs of the shipped pipelines this machine has; looked up at the start and every minute. */
export class Capabilities {
  private tools: readonly Tool[] = [];
  private readonly known = new Map<string, KnownTool>();
  private looking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private checkedAt = 0;

  constructor(
    private readonly path: string,
    private readonly clock: BackendClock,
  ) {}

  start(): void {
    this.looking = this.look();
    this.timer = setInterval(() => {
      this.looking = this.look();
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): Promise<void> {
    clearInterval(this.timer);
    return this.looking;
  }

  /** The last complete look; waits for the first. */
  async current(): Promise<{ readonly checked_at: string; readonly tools: readonly Tool[] }> {
    if (this.checkedAt === 0) await this.looking;
    return { checked_at: new Date(this.checkedAt).toISOString(), tools: this.tools };
  }

  async missing(required: readonly string[]): Promise<{ tool: string; reason: string }[]> {
    const { tools } = await this.current();
    return required.flatMap((name) => {
      const tool = tools.find((each) => each.tool === name);
      return tool?.available === true ? [] : [{ tool: name, reason: tool?.reason ?? 'Not a tool this service knows.' }];
    });
  }

  private async look(): Promise<void> {
    const tools: Tool[] = [];
    // One after the other: several of them are Python programs of a second's start each.
    for (const [name, args] of Object.entries(PROBES)) tools.push(await this.probe(name, args));
    this.tools = tools;
    this.checkedAt = this.clock.now();
  }

  private async probe(name: string, args: readonly string[]): Promise<Tool> {
    const file = await this.find(name);
    if (file === undefined) return { tool: name, available: false, version: null, reason: 'Not found on PATH.' };
    const known = this.known.get(name);
    if (known?.fingerprint === file.fingerprint) return known.tool;
    const version = await versionOf(file.path, args, this.path);
    if (version === undefined)
      return { tool: name, available: false, version: null, reason: 'Found, but does not run.' };
    const tool = { tool: name, available: true, version, reason: null };
    this.known.set(name, { fingerprint: file.fingerprint, tool });
    return tool;
  }

  private async find(name: string): Promise<{ path: string; fingerprint: string } | undefined> {
    for (const directory of this.path.split(delimiter).filter(isAbsolute)) {
      const path = join(directory, name);
      try {
        const { size, mtimeMs } = await stat(path);
        await access(path, constants.X_OK);
        return { path, fingerprint: `${path} ${size} ${mtimeMs}` };
      } catch {
        continue;
      }
    }
    return undefined;
  }
}
