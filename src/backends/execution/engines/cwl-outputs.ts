import { realpath } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { isIdentifier } from '../../service/identifiers.js';
import { JobFailure } from '../work/job-failure.js';
import type { ProducedFile } from './engine.js';

const MAX_DEPTH = 8;
const MAX_FILES = 1_000;

interface CwlFile {
  readonly class: 'File';
  readonly path: string;
  readonly secondaryFiles?: unknown;
}

/** The files that cwltool's output object names, secondary files too; each must really lie under `outputs`. */
export async function producedFiles(outputObject: string, outputs: string): Promise<ProducedFile[]> {
  const root = await realpath(outputs).catch(() => outputs);
  const files: ProducedFile[] = [];
  for (const { path } of filesIn(parsed(outputObject), MAX_DEPTH)) {
    const real = await realpath(path).catch(() => '');
    const name = basename(path);
    if (!real.startsWith(`${root}${sep}`) || !isIdentifier(name) || files.length >= MAX_FILES) throw unreadable();
    files.push({ name, path: real });
  }
  return files;
}

function* filesIn(value: unknown, depth: number): Generator<CwlFile> {
  if (typeof value !== 'object' || value === null || depth === 0) return;
  if (isFile(value)) {
    yield value;
    yield* filesIn(value.secondaryFiles, depth - 1);
    return;
  }
  for (const each of Object.values(value)) yield* filesIn(each, depth - 1);
}

const isFile = (value: object): value is CwlFile =>
  'class' in value && value.class === 'File' && 'path' in value && typeof value.path === 'string';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable();
  }
}

const unreadable = (): JobFailure =>
  new JobFailure('workflow_failed', 'The workflow named outputs that cannot be read.');
