import { Injectable } from '@nestjs/common';
import { apiKeyFrom, type ApiKey } from '../../identity/api-keys/api-key.js';
import { ApiKeyStore } from '../../identity/api-keys/api-key-store.js';
import { newApiKey } from '../../identity/api-keys/api-key-text.js';
import { Authorizer } from '../../identity/authorization/authorizer.js';
import { forbidden } from '../../identity/identity.errors.js';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { apiKeyChanged } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { Principal } from '../../kernel/principal.js';
import { callerOf } from './caller.js';
import type { ApiKeyRequest } from './dto/api-key.request.js';
import type { ApiKeyResponse, ApiKeysResponse, NewApiKeyResponse } from './dto/api-key.response.js';

const DAY_MS = 86_400_000;

/** Makes, lists and revokes the credentials of services. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly authorizer: Authorizer,
    private readonly clock: Clock,
    private readonly settings: Settings,
  ) {}

  async create(exchange: Exchange, request: ApiKeyRequest): Promise<NewApiKeyResponse> {
    const caller = callerOf(exchange);
    this.#expectHeld(caller, request);
    const days = this.#daysOf(request);
    const now = this.clock.now();
    const { text, id, secretHash } = newApiKey();
    const key = apiKeyFrom({
      id,
      name: request.name,
      scopes: request.scopes,
      projects: caller.projects,
      createdBy: caller.userId,
      createdAt: now,
      expiresAt: now + days * DAY_MS,
      lastUsedAt: undefined,
      secretHash,
    });
    if (!(await this.keys.create(key))) throw new GatewayError('too_many_api_keys');
    apiKeyChanged.publish({ change: 'created', exchange, keyId: id, scopes: key.scopes });
    return { ...describe(key), api_key: text };
  }

  async list(): Promise<ApiKeysResponse> {
    return { items: (await this.keys.list()).map(describe) };
  }

  async revoke(exchange: Exchange, keyId: string): Promise<void> {
    if (!(await this.keys.revoke(keyId))) throw new GatewayError('api_key_not_found');
    apiKeyChanged.publish({ change: 'revoked', exchange, keyId });
  }

  #expectHeld(caller: Principal, { scopes }: ApiKeyRequest): void {
    const isHeld = scopes.every((permission) => this.authorizer.reachOf(caller, permission) === 'any');
    if (!isHeld) throw forbidden('An API key cannot hold a right that its maker does not hold.');
  }

  #daysOf({ expires_in_days: asked }: ApiKeyRequest): number {
    const { apiKeyMaxDays } = this.settings.identity;
    if (asked === undefined || asked <= apiKeyMaxDays) return asked ?? apiKeyMaxDays;
    const detail = `expires_in_days must not be greater than ${apiKeyMaxDays}`;
    throw new GatewayError('validation_failed', { errors: [{ pointer: '/expires_in_days', detail }] });
  }
}

const timeOf = (epochMs: number): string => new Date(epochMs).toISOString();

function describe(key: ApiKey): ApiKeyResponse {
  return {
    key_id: key.id,
    name: key.name,
    scopes: key.scopes,
    projects: key.projects,
    created_by: key.createdBy,
    created_at: timeOf(key.createdAt),
    expires_at: timeOf(key.expiresAt),
    ...(key.lastUsedAt === undefined ? {} : { last_used_at: timeOf(key.lastUsedAt) }),
  };
}
