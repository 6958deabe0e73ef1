import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { transform } from '@swc/core';

const SOURCES = resolve('src/backends');

/**
 * For tests that need the service in a process of its own, to kill it: the backends' sources as ES modules, made anew,
 * so that no stale build is tested. `program` is written beside them; answers its path and how to remove it all.
 */
export async function compileBackends(program: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const cache = resolve('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, 'backends-'));
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  const names = await readdir(SOURCES, { recursive: true });
  for (const name of names.filter((each) => each.endsWith('.ts') && !each.endsWith('.spec.ts'))) {
    const target = join(directory, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    const source = await readFile(join(SOURCES, name), 'utf8');
    await writeFile(target, await compiled(source));
  }
  const path = join(directory, 'program.js');
  await writeFile(path, await compiled(program));
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function compiled(source: string): Promise<string> {
  const options = { jsc: { parser: { syntax: 'typescript' as const }, target: 'es2022' as const }, isModule: true };
  return (await transform(source, { ...options, configFile: false, swcrc: false })).code;
}
