import { Router, type Request, type Response } from 'express';
import { isIdentifier } from '../service/identifiers.js';
import { identityOf, requirePlatform } from '../service/identity.js';
import { BackendProblem } from '../service/problem.js';
import { maySee } from '../service/resource-access.js';
import { invalidRequest, validated } from '../service/validation.js';
import type { DownloadLinks } from './download-links.js';
import type { FileStore } from './file-store.js';
import { isSameFile, type ManifestStore } from './manifest-store.js';
import { fileNotFound, resultsCompleted, resultsNotFound } from './results.problems.js';
import { COMPLETION, isSha256, LINK_REQUEST } from './results.schemas.js';
import type { Manifest, ResultFile } from './results.tables.js';
import { sendResult } from './send-result.js';

const PREFIX = /^(\/[A-Za-z0-9._~-]{1,64}){0,8}$/;

/** The routes of the results service; the internal ones are for the platform only. */
export class ResultsRoutes {
  constructor(
    private readonly files: FileStore,
    private readonly manifests: ManifestStore,
    private readonly links: DownloadLinks,
  ) {}

  router(): Router {
    const router = Router({ caseSensitive: true });
    router.get('/results/:jobId', (request, response) => this.show(request, response));
    router.post('/results/:jobId/download-links', (request, response) => this.link(request, response));
    router.get('/download/:token', (request, response) => this.download(request, response));
    router.put('/results/:jobId/files/:name', (request, response) => this.receive(request, response));
    router.post('/results/:jobId', (request, response) => this.complete(request, response));
    return router;
  }

  private async show(request: Request<{ jobId: string }>, response: Response): Promise<void> {
    response.json(documentOf(await this.readable(request)));
  }

  private async link(request: Request<{ jobId: string }>, response: Response): Promise<void> {
    // Every member is optional, so a request without a body asks for links to all files.
    const wanted = validated(LINK_REQUEST, (request.body as unknown) ?? {});
    const manifest = await this.readable(request);
    const chosen = wanted.files?.map((name) => fileOf(manifest, name)) ?? manifest.files;
    const given = request.get('x-forwarded-prefix') ?? '';
    const prefix = PREFIX.test(given) ? given : '';
    const links = chosen.map(({ name, size, sha256 }) => {
      const { token, expiresAt } = this.links.issue(manifest.jobId, name, wanted.expires_in);
      const url = `${prefix}/results/download/${token}`;
      return { file: name, url, expires_at: new Date(expiresAt * 1_000).toISOString(), size, sha256 };
    });
    response.status(201).set('cache-control', 'no-store').json({ links });
  }

  private async download(request: Request<{ token: string }>, response: Response): Promise<void> {
    const { jobId, file } = this.links.open(request.params.token);
    const manifest = await this.manifests.find(jobId);
    if (manifest === undefined) throw resultsNotFound();
    await sendResult(request, response, this.files, jobId, fileOf(manifest, file));
  }

  private async receive(request: Request<{ jobId: string; name: string }>, response: Response): Promise<void> {
    requirePlatform(identityOf(request));
    const { jobId, name, sha256 } = storableIn(request);
    const earlier = await this.manifests.find(jobId);
    // The same file again, from a sender that did not learn of its success, is no fault.
    if (earlier !== undefined && !earlier.files.some((file) => file.name === name && file.sha256 === sha256))
      throw resultsCompleted();
    const stored = await this.files.receive(jobId, request, sha256);
    const manifest = await this.manifests.stage(jobId, name, stored);
    if (manifest !== undefined && !manifest.files.some((file) => isSameFile({ name, ...stored }, file))) {
      await this.keepOnlyNamed(manifest);
      throw resultsCompleted();
    }
    response.json({ name, ...stored });
  }

  private async complete(request: Request<{ jobId: string }>, response: Response): Promise<void> {
    requirePlatform(identityOf(request));
    const { jobId } = request.params;
    if (!isIdentifier(jobId)) throw resultsNotFound();
    const { manifest, isNew } = await this.manifests.complete(jobId, validated(COMPLETION, request.body));
    if (isNew) await this.keepOnlyNamed(manifest);
    response.status(isNew ? 201 : 200).json(documentOf(manifest));
  }

  private keepOnlyNamed({ jobId, files }: Manifest): Promise<void> {
    return this.files.keepOnly(jobId, new Set(files.map((file) => file.sha256)));
  }

  /** The manifest if the caller may see it; another's results are unknown to a technician, like those that are not there. */
  private async readable(request: Request<{ jobId: string }>): Promise<Manifest> {
    const identity = identityOf(request);
    const { jobId } = request.params;
    const manifest = isIdentifier(jobId) ? await this.manifests.find(jobId) : undefined;
    if (manifest === undefined || !maySee(identity, manifest)) throw resultsNotFound();
    return manifest;
  }
}

function storableIn(request: Request<{ jobId: string; name: string }>): {
  jobId: string;
  name: string;
  sha256: string;
} {
  const { jobId, name } = request.params;
  const sha256 = request.get('x-sha256');
  const errors = [
    ...(isIdentifier(jobId) ? [] : [{ pointer: '/job_id', detail: 'must be an identifier' }]),
    ...(isIdentifier(name) ? [] : [{ pointer: '/name', detail: 'must have the form of an identifier' }]),
  ];
  if (!isSha256(sha256)) {
    throw invalidRequest([...errors, { pointer: '/x-sha256', detail: 'must be 64 lower-case hexadecimal digits' }]);
  }
  if (errors.length > 0) throw invalidRequest(errors);
  if (request.is('application/octet-stream') === false) {
    throw new BackendProblem(415, 'unsupported_media_type', 'Send the file as application/octet-stream.');
  }
  return { jobId, name, sha256 };
}

function fileOf(manifest: Manifest, name: string): ResultFile {
  const file = manifest.files.find((candidate) => candidate.name === name);
  if (file === undefined) throw fileNotFound();
  return file;
}

const documentOf = (manifest: Manifest): Record<string, unknown> => ({
  job_id: manifest.jobId,
  sample_id: manifest.sampleId,
  pipeline_id: manifest.pipelineId,
  pipeline_version: manifest.pipelineVersion,
  status: 'completed',
  owner: manifest.owner,
  project_id: manifest.project,
  completed_at: manifest.completedAt.toISOString(),
  files: manifest.files,
});
