import fc from 'fast-check';
import { ACTIVE_STATUSES, isFinal, JOB_STATUSES, mayFollow, sourcesOf, type JobStatus } from './job-state.js';

const anyStatus = fc.constantFrom(...JOB_STATUSES);

/** Follows wishes from `queued`, taking those that are legal. */
function walk(wishes: readonly JobStatus[]): JobStatus[] {
  const path: JobStatus[] = ['queued'];
  for (const wish of wishes) {
    const here = path.at(-1) ?? 'queued';
    if (mayFollow(here, wish)) path.push(wish);
  }
  return path;
}

describe('the states of a job', () => {
  it('lets nothing follow an end', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 60 }), (wishes) => {
        const path = walk(wishes);
        const end = path.findIndex(isFinal);
        expect(end === -1 || end === path.length - 1).toBe(true);
      }),
    );
  });

  it('completes only what was running, and runs only what was starting', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 60 }), (wishes) => {
        const path = walk(wishes);
        path.forEach((status, index) => {
          if (status === 'completed') expect(path[index - 1]).toBe('running');
          if (status === 'running') expect(path[index - 1]).toBe('starting');
          if (status === 'starting') expect(path[index - 1]).toBe('queued');
        });
      }),
    );
  });

  it('ends a cancellation as cancelled, whatever is wished for', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 60 }), (wishes) => {
        const path = walk(wishes);
        const at = path.indexOf('cancelling');
        if (at !== -1) expect(path.slice(at + 1)).toEqual(at === path.length - 1 ? [] : ['cancelled']);
      }),
    );
  });

  it('finds the sources of a status in the same table', () => {
    fc.assert(
      fc.property(anyStatus, anyStatus, (from, to) => {
        expect(sourcesOf(to).includes(from)).toBe(mayFollow(from, to));
      }),
    );
  });

  it('can bring every held job to an end', () => {
    for (const status of ACTIVE_STATUSES)
      expect(JOB_STATUSES.some((to) => isFinal(to) && mayFollow(status, to))).toBe(true);
  });
});
