import { spawnSync } from 'node:child_process';

const TOOLS = ['cwltool', 'fastp', 'bwa', 'samtools', 'bcftools', 'multiqc'];

/** Whether all tools of germline-small are on PATH; says what is left out, or throws with CI_REQUIRE_SERVERS=1. */
export function hasGermlineTools(whatIsLeftOut: string): boolean {
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length === 0) return true;
  if (process.env['CI_REQUIRE_SERVERS'] === '1')
    throw new Error(`required here, but not on PATH: ${missing.join(', ')}`);
  process.stderr.write(`not on PATH: ${missing.join(', ')}; left out: ${whatIsLeftOut}\n`);
  return false;
}
