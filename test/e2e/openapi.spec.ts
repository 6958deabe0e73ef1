import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

const ROOT = join(__dirname, '../..');
const PUBLIC_API: Readonly<Record<string, readonly string[]>> = {
  '/auth/login': ['post'],
  '/auth/refresh': ['post'],
  '/auth/logout': ['post'],
  '/auth/me': ['get'],
  '/auth/sessions': ['delete', 'get'],
  '/auth/sessions/{session_id}': ['delete'],
  '/auth/users/{user_id}/sessions': ['delete', 'get'],
  '/auth/users/{user_id}/sessions/{session_id}': ['delete'],
  '/auth/api-keys': ['get', 'post'],
  '/auth/api-keys/{key_id}': ['delete'],
  '/.well-known/jwks.json': ['get'],
  '/api/v1/ingestion/upload': ['post'],
  '/api/v1/ingestion/upload/{upload_id}': ['delete', 'get', 'head', 'patch'],
  '/api/v1/qc/analyze': ['post'],
  '/api/v1/qc/results/{qc_job_id}': ['get'],
  '/api/v1/pipelines': ['get'],
  '/api/v1/pipelines/{pipeline_id}': ['get'],
  '/api/v1/pipelines/{pipeline_id}/configurations': ['get', 'post'],
  '/api/v1/execution/jobs': ['get', 'post'],
  '/api/v1/execution/jobs/{job_id}': ['get'],
  '/api/v1/execution/jobs/{job_id}/cancel': ['post'],
  '/api/v1/execution/jobs/{job_id}/logs': ['get'],
  '/api/v1/execution/jobs/{job_id}/events': ['get'],
  '/api/v1/results/{job_id}': ['get'],
  '/api/v1/results/{job_id}/download-links': ['post'],
  '/api/v1/results/download/{token}': ['get'],
  '/api/v1/monitoring/metrics': ['get'],
  '/health': ['get'],
  '/health/live': ['get'],
  '/health/ready': ['get'],
  '/metrics': ['get'],
};

interface Operation {
  readonly security: readonly unknown[];
  readonly responses: Record<string, { content?: Record<string, unknown> }>;
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

let gateway: BootedGateway;
let document: Document;

beforeAll(async () => {
  gateway = await bootGateway();
  document = (await (await fetch(`${gateway.url}/docs-json`)).json()) as Document;
});
afterAll(() => gateway.close());

describe('the OpenAPI document', () => {
  it('has every route of the public API and no other', () => {
    const routes = Object.entries(document.paths).map(([path, methods]) => [path, Object.keys(methods).sort()]);
    expect(Object.fromEntries(routes)).toEqual(PUBLIC_API);
  });

  it('documents the refusals of every route that wants a token', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.security.length === 0) continue;
        const statuses = Object.keys(operation.responses);
        expect([path, method, statuses]).toEqual([path, method, expect.arrayContaining(['401', '429', '503'])]);
        expect(operation.responses['401']?.content).toHaveProperty(['application/problem+json']);
      }
    }
  });

  it('is the same in YAML, and leaks no extension of ours', async () => {
    const yaml = await (await fetch(`${gateway.url}/docs-yaml`)).text();
    expect(load(yaml)).toEqual(document);
    expect(yaml).not.toContain('x-genoflow');
  });

  it('is clean under a linter', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'genoflow-openapi-'));
    const file = join(directory, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    try {
      const linter = join(ROOT, 'node_modules/@redocly/cli/bin/cli.js');
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [linter, 'lint', file, '--config', join(ROOT, 'test/support/redocly.yaml'), '--max-problems', '50'],
        { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
      ).catch((error: { stdout: string; stderr: string }) => error);
      expect(`${stdout}${stderr}`).toContain('Your API description is valid');
      expect(`${stdout}${stderr}`).not.toMatch(/(Warning|Error) was generated/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 60_000);

  it('is not there where docs are off', async () => {
    const closed = await bootGateway({ DOCS_ENABLED: 'false' });
    try {
      for (const path of ['/docs', '/docs-json', '/docs-yaml'])
        expect((await fetch(`${closed.url}${path}`)).status).toBe(404);
    } finally {
      await closed.close();
    }
  });
});
