import { table } from './table.mjs';

/**
 * Runs steps in order, stops at the first failure (steps marked `isCleanUp` still run once the first step succeeded) and
 * closes with a table of what happened.
 * @param {{ name: string, run: (job: any) => Promise<string>, isCleanUp?: boolean }[]} steps each returns its outcome in
 * a few words
 * @param {any} job what the steps share
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} whether every step succeeded
 */
export async function runSteps(steps, job, say) {
  const rows = [];
  let failed = 0;
  for (const [index, step] of steps.entries()) {
    const isDue = failed === 0 || (step.isCleanUp === true && rows[0]?.[1] === 'done');
    if (!isDue) {
      rows.push([step.name, 'not run', '', '']);
      continue;
    }
    say(`${index + 1}/${steps.length}  ${step.name}`);
    const row = await runStep(step, job, say);
    if (row[1] !== 'done') failed += 1;
    rows.push(row);
  }
  say(`\n${table(['step', 'outcome', 'time', 'what came of it'], rows)}\n`);
  say(failed === 0 ? 'Every step succeeded.' : 'Not every step succeeded.');
  return failed === 0;
}

async function runStep(step, job, say) {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  try {
    const outcome = await step.run(job);
    say(`  ${outcome}`);
    return [step.name, 'done', seconds(), outcome];
  } catch (error) {
    say(`  FAILED: ${error.message.replaceAll('\n', '\n  ')}`);
    return [step.name, 'failed', seconds(), error.message.split('\n')[0]];
  }
}
