import type { JobProgress, JobStep, PipelineDefinition, StepStatus } from '../jobs/job.types.js';

export const STAGE_STEP = 'stage_inputs';
export const STORE_STEP = 'store_results';
const OWN_WEIGHT = 5;

interface PlannedStep {
  readonly name: string;
  readonly weight: number;
}

const planOf = (definition: PipelineDefinition): readonly PlannedStep[] => [
  { name: STAGE_STEP, weight: OWN_WEIGHT },
  ...definition.steps,
  { name: STORE_STEP, weight: OWN_WEIGHT },
];

/** Progress of a job that has not begun: its pipeline's steps between staging and storing. */
export const freshProgress = (definition: PipelineDefinition): JobProgress => ({
  percent: 0,
  step: null,
  steps: planOf(definition).map(({ name }) => ({
    name,
    status: 'pending',
    started_at: null,
    completed_at: null,
    percent: 0,
  })),
});

/** The steps of one attempt and how far they are; pure bookkeeping, the overall percentage only ever grows. */
export class StepPlan {
  private progress: JobProgress;
  private readonly weights: ReadonlyMap<string, number>;
  private readonly total: number;

  constructor(definition: PipelineDefinition) {
    const plan = planOf(definition);
    this.progress = freshProgress(definition);
    this.weights = new Map(plan.map(({ name, weight }) => [name, weight]));
    this.total = plan.reduce((sum, { weight }) => sum + weight, 0);
  }

  get current(): JobProgress {
    return this.progress;
  }

  get running(): string | null {
    return this.progress.step;
  }

  /** False for a step the pipeline does not have, or that is not pending. */
  begin(name: string, at: Date): boolean {
    if (this.stepOf(name)?.status !== 'pending') return false;
    this.change(name, { status: 'running', started_at: at.toISOString() }, name);
    return true;
  }

  /** `fraction` of the step, 0 to 1. */
  advance(name: string, fraction: number): boolean {
    const step = this.stepOf(name);
    const percent = Math.floor(Math.min(1, Math.max(0, fraction)) * 100);
    if (step?.status !== 'running' || percent <= step.percent) return false;
    this.change(name, { percent }, name);
    return true;
  }

  /** Ends a running step. */
  end(name: string, status: Extract<StepStatus, 'completed' | 'failed' | 'cancelled'>, at: Date): boolean {
    const step = this.stepOf(name);
    if (step?.status !== 'running') return false;
    const percent = status === 'completed' ? 100 : step.percent;
    this.change(name, { status, percent, completed_at: at.toISOString() }, this.running === name ? null : this.running);
    return true;
  }

  private stepOf(name: string): JobStep | undefined {
    return this.progress.steps.find((step) => step.name === name);
  }

  private change(name: string, values: Partial<JobStep>, current: string | null): void {
    const steps = this.progress.steps.map((step) => (step.name === name ? { ...step, ...values } : step));
    const done = steps.reduce((sum, step) => sum + (this.weights.get(step.name) ?? 0) * step.percent, 0);
    const percent = Math.max(this.progress.percent, Math.floor(done / this.total));
    this.progress = { percent, step: current, steps };
  }
}
