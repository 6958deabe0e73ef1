export interface StepMark {
  readonly step: string;
  readonly state: 'started' | 'succeeded' | 'failed';
}

const MARK = /^(?:INFO|WARNING|ERROR) \[step ([A-Za-z0-9_-]{1,64})\] (start|completed success|completed \w+)$/;

/** What a line of cwltool's standard error says of a workflow step; undefined for all other lines. */
export function stepMark(line: string): StepMark | undefined {
  const match = MARK.exec(line.trimEnd());
  const [, step, event] = match ?? [];
  if (step === undefined) return undefined;
  if (event === 'start') return { step, state: 'started' };
  return { step, state: event === 'completed success' ? 'succeeded' : 'failed' };
}
