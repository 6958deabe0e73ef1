import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPORT = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, numTotalTests: 7 };

interface Machine {
  /** Package names that dpkg does not know. */
  readonly missing?: string;
  readonly user?: string;
  /** What apt would do, line by line. */
  readonly plan?: string;
  readonly npmExit?: number;
  readonly report?: object | undefined;
}

interface CiRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What was called, with its arguments, in order. */
  readonly calls: string;
}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'genoflow-ci-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function program(name: string, body: string): void {
  const path = join(directory, 'bin', name);
  writeFileSync(path, `#!/bin/bash\necho "${name} $*" >> "${directory}/calls"\n${body}\n`);
  chmodSync(path, 0o755);
}

/** Runs a copy of .ci/run on a PATH where npm, apt-get, dpkg-query and id only pretend. */
function runOn(machine: Machine): CiRun {
  mkdirSync(join(directory, 'bin'));
  cpSync('.ci', join(directory, '.ci'), { recursive: true });
  const report = 'report' in machine ? machine.report : { numRuntimeErrorTestSuites: 0, ...REPORT };
  writeFileSync(join(directory, 'report'), report === undefined ? '' : JSON.stringify(report));
  program('id', `echo ${machine.user ?? '0'}`);
  program(
    'dpkg-query',
    `for last; do :; done; case " ${machine.missing ?? ''} " in *" $last "*) exit 1;; esac; echo installed`,
  );
  program('apt-get', `case "$*" in *--simulate*) printf '%b' '${machine.plan ?? ''}';; esac`);
  program(
    'npm',
    `case "$*" in test*) echo "required: $CI_REQUIRE_SERVERS" >> "${directory}/calls"
       for last; do :; done; cat "${directory}/report" > "\${last#--outputFile=}"; exit ${machine.npmExit ?? 0};; esac`,
  );
  symlinkSync(process.execPath, join(directory, 'bin', 'node'));
  const path = [join(directory, 'bin'), '/usr/bin', '/bin'].join(':');
  const run = spawnSync('bash', [join(directory, '.ci', 'run')], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, PATH: path },
  });
  const calls = readFileSync(join(directory, 'calls'), 'utf8');
  return { status: run.status, stdout: run.stdout, stderr: run.stderr, calls };
}

const lastLine = (run: CiRun): string | undefined => run.stdout.trimEnd().split('\n').at(-1);

it('installs nothing that is there, runs the test command with nothing left out and ends with the counts', () => {
  const run = runOn({});
  expect(run.status).toBe(0);
  expect(lastLine(run)).toBe('7 passed, 0 failed');
  expect(run.calls).not.toContain('apt-get');
  expect(run.calls).toContain('npm ci');
  expect(run.calls).toMatch(/npm test -- --json --outputFile=/);
  expect(run.calls).toContain('required: 1');
});

it('keeps the exit code of failed tests, and counts suites that could not run as failures', () => {
  const report = { ...REPORT, numPassedTests: 4, numFailedTests: 2, numRuntimeErrorTestSuites: 1, numPendingTests: 1 };
  const run = runOn({ npmExit: 3, report });
  expect(run.status).toBe(3);
  expect(lastLine(run)).toBe('4 passed, 3 failed, 1 skipped');
});

it('fails when the tests end without a report, or ran none', () => {
  expect(runOn({ report: undefined }).status).toBe(1);
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  const none = runOn({ report: { ...REPORT, numPassedTests: 0, numTotalTests: 0, numRuntimeErrorTestSuites: 0 } });
  expect(none.status).toBe(1);
  expect(lastLine(none)).toBe('0 passed, 0 failed');
});

it('installs what is missing without recommended packages', () => {
  const run = runOn({ missing: 'redis-server fastp', plan: 'Inst redis-server (5:7.0)\\nInst fastp (0.23)\\n' });
  expect(run.status).toBe(0);
  expect(run.calls).toMatch(/apt-get .*update/);
  expect(run.calls).toMatch(/apt-get .*--no-install-recommends .*install redis-server fastp\n/);
});

it.each(['Inst nodejs (18.20)', 'Inst libnode108 (18.20)', 'Remv nodejs [20.20]'])('does not let apt do %s', (line) => {
  const run = runOn({ missing: 'cwltool', plan: `Inst cwltool (3.1)\\n${line}\\n` });
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('would bring or remove a Node');
  expect(
    run.calls.split('\n').filter((call) => /^apt-get .* install /.test(call) && !call.includes('--simulate')),
  ).toEqual([]);
});

it('says what is missing where it cannot install', () => {
  const run = runOn({ missing: 'chromium', user: '1000' });
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('only root can install them: chromium');
  expect(run.calls).not.toContain('npm');
});

it('asks for the tools of germline-small', () => {
  const script = readFileSync('.ci/run', 'utf8');
  const packages = (/packages=\(([^)]*)\)/.exec(script)?.[1] ?? '').replace(/#.*/g, '').split(/\s+/);
  expect(packages).toEqual(expect.arrayContaining(['cwltool', 'fastp', 'bwa', 'samtools', 'bcftools', 'multiqc']));
});
