import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import type { ResourceKind } from '../../kernel/resources.js';
import type { ServiceName } from '../../kernel/services.js';
import type { UpstreamClient } from '../../upstream/upstream-client.js';
import type { GatewayIdentity } from '../outbound/gateway-identity.js';
import type { Ownership } from './authorizer.js';

const REMEMBERED = 50_000;
const TIMEOUT_MS = 5_000;
/** A report of quality control carries its tables. */
const MAX_ANSWER_BYTES = 8 * 1_048_576;
const DEFAULT_PROJECT = 'default';

interface Place {
  readonly service: ServiceName;
  readonly path: string;
}

const PLACES: Readonly<Record<ResourceKind, Place>> = {
  upload: { service: 'ingestion', path: '/upload/' },
  'qc-job': { service: 'qc', path: '/results/' },
  job: { service: 'execution', path: '/jobs/' },
  results: { service: 'results', path: '/results/' },
};

const OWNERSHIP = z
  .object({ owner: z.string().min(1).max(128), project_id: z.string().min(1).max(64).default(DEFAULT_PROJECT) })
  .transform(({ owner, project_id: project }): Ownership => ({ owner, project }));

/**
 * Knows whose a resource is, from the service that keeps it and from nobody else. It never changes, so an answer is
 * remembered (those not needed for longest give way); that there is none is not.
 */
export class ResourceOwners {
  readonly #known = new LRUCache<string, Ownership>({ max: REMEMBERED });

  constructor(
    private readonly upstream: Pick<UpstreamClient, 'fetch'>,
    private readonly identity: Pick<GatewayIdentity, 'fieldsForGateway'>,
  ) {}

  /** Undefined where there is no such resource; rejects with an upstream code where nobody can say. */
  of(kind: ResourceKind, id: string): Ownership | undefined | Promise<Ownership | undefined> {
    return this.#known.get(`${kind} ${id}`) ?? this.#ask(kind, id);
  }

  async #ask(kind: ResourceKind, id: string): Promise<Ownership | undefined> {
    if (!IDENTIFIER.test(id)) return undefined;
    const { service, path } = PLACES[kind];
    const { status, body } = await this.upstream.fetch(
      {
        service,
        operation: `${service}.owner`,
        method: 'GET',
        path: path + id,
        fields: ['accept', 'application/json', ...this.identity.fieldsForGateway()],
        body: undefined,
        retry: 'safe',
        timeoutMs: TIMEOUT_MS,
      },
      MAX_ANSWER_BYTES,
    );
    if (status === 404) return undefined;
    if (status !== 200) throw new GatewayError(status >= 500 ? 'upstream_error' : 'upstream_bad_response');
    const ownership = readOwnership(body);
    this.#known.set(`${kind} ${id}`, ownership);
    return ownership;
  }
}

function readOwnership(body: Buffer): Ownership {
  try {
    return OWNERSHIP.parse(JSON.parse(body.toString('utf8')));
  } catch {
    // Without the cause, which would quote the resource.
    throw new GatewayError('upstream_bad_response');
  }
}
