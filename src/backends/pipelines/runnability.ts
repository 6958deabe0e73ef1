import type { BackendClock } from '../service/clock.js';
import type { Peers } from '../service/peers.js';
import type { PipelineDefinition } from './pipeline.types.js';

const KEEP_MS = 5_000;
const ANSWER_WITHIN_MS = 3_000;

export interface MissingTool {
  readonly tool: string;
  readonly reason: string;
}

export interface Runnability {
  readonly runnable: boolean;
  readonly missing: readonly MissingTool[];
}

interface Capabilities {
  readonly tools: readonly { readonly tool: string; readonly available: boolean; readonly reason: string | null }[];
}

/** Whether a pipeline can run where jobs run: the execution service's tools count, asked at most every five seconds. */
export class RunnabilityCheck {
  private answer: Promise<Capabilities | undefined> = Promise.resolve(undefined);
  private askedAt = -Infinity;

  constructor(
    private readonly peers: Peers,
    private readonly clock: BackendClock,
  ) {}

  async of(definition: PipelineDefinition): Promise<Runnability> {
    const capabilities = await this.capabilities();
    if (capabilities === undefined) {
      return { runnable: false, missing: [{ tool: 'execution', reason: 'The execution service does not answer.' }] };
    }
    const missing = definition.required_tools.flatMap((tool): MissingTool[] => {
      const found = capabilities.tools.find((each) => each.tool === tool);
      if (found?.available === true) return [];
      return [{ tool, reason: found?.reason ?? 'The execution service does not know this tool.' }];
    });
    return { runnable: missing.length === 0, missing };
  }

  private capabilities(): Promise<Capabilities | undefined> {
    const now = this.clock.now();
    if (now - this.askedAt >= KEEP_MS) {
      this.askedAt = now;
      this.answer = this.peers
        .json<Capabilities>('execution', 'GET', '/capabilities', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
        .catch(() => undefined);
    }
    return this.answer;
  }
}
