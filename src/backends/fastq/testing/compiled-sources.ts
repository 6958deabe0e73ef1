import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

export interface CompiledSources {
  /** Path of a compiled file, named by its source relative to src/backends, with the ending .js. */
  path(name: string): string;
  remove(): Promise<void>;
}

/** For tests: compiles folders of src/backends as the build does, so that real workers can be started from sources. */
export async function compileSources(backends: string, folders: readonly string[]): Promise<CompiledSources> {
  const target = await mkdtemp(join(tmpdir(), 'genoflow-compiled-'));
  await writeFile(join(target, 'package.json'), '{"type":"module"}');
  for (const folder of folders) {
    const entries = await readdir(join(backends, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.spec.ts')) continue;
      const source = join(entry.parentPath, entry.name);
      const output = join(target, relative(backends, source).replace(/\.ts$/, '.js'));
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
      const { outputText } = ts.transpileModule(await readFile(source, 'utf8'), { compilerOptions });
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output, outputText);
    }
  }
  return {
    path: (name) => join(target, name),
    remove: () => rm(target, { recursive: true, force: true }),
  };
}
