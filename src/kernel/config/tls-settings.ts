import { resolve } from 'node:path';
import {
  readTlsFiles,
  SYSTEM_TLS,
  TLS_VARIABLES,
  type TlsFiles,
  type TlsSource,
  type TlsUse,
} from '../tls/tls-files.js';
import type { FileReading } from './json-file.js';
import type { Environment } from './variables.js';

/** Reads the certificates of all uses; gives them, or every fault. */
export function tlsFrom(environment: Environment, now: number): FileReading<Readonly<Record<TlsUse, TlsSource>>> {
  const uses = Object.keys(TLS_VARIABLES) as TlsUse[];
  const readings = uses.map((use) => [use, sourceOf(use, environment, now)] as const);
  const faults = readings.flatMap(([, { faults: own = [] }]) => own);
  if (faults.length > 0) return { faults };
  return {
    content: Object.fromEntries(readings.map(([use, { content = SYSTEM_TLS }]) => [use, content])) as Record<
      TlsUse,
      TlsSource
    >,
  };
}

function sourceOf(use: TlsUse, environment: Environment, now: number): FileReading<TlsSource> {
  const names: Record<keyof TlsFiles, keyof Environment> = TLS_VARIABLES[use] as never;
  const files = Object.fromEntries(
    Object.entries(names).flatMap(([file, name]) => {
      const path = environment[name];
      return typeof path === 'string' ? [[file, resolve(path)]] : [];
    }),
  ) as TlsFiles;
  if ((files.certFile === undefined) !== (files.keyFile === undefined))
    return { faults: [`${names.certFile}: is set together with ${names.keyFile}, or neither is`] };
  if (Object.keys(files).length === 0) return { content: SYSTEM_TLS };
  const { content, faults = [] } = readTlsFiles(use, files, now);
  return content === undefined ? { faults } : { content: { files, material: content } };
}
