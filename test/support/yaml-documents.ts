import { readFileSync } from 'node:fs';
import { load, loadAll, YAML11_SCHEMA } from 'js-yaml';

/** Compose and Kubernetes read YAML 1.1, merge keys included; so do we. */
const OPTIONS = { schema: YAML11_SCHEMA };

export const readYaml = <T>(path: string): T => load(readFileSync(path, 'utf8'), OPTIONS) as T;

export const parseYamlDocuments = <T>(text: string): T[] => loadAll(text, OPTIONS) as T[];
