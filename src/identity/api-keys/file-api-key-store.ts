import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { stateUnavailable } from '../identity.errors.js';
import { KeptFile } from '../kept-file.js';
import { isUseDue, KEPT_API_KEY, keptFrom, MAX_API_KEYS, type ApiKey } from './api-key.js';
import { ApiKeyStore, newestFirst } from './api-key-store.js';

/** API keys of a single process without Redis, in a file under DATA_DIR. */
export class FileApiKeyStore extends ApiKeyStore {
  readonly #file: KeptFile<ApiKey[]>;
  readonly #keys: Map<string, ApiKey>;
  /** The file does not say what this process knows; the next write makes up for it. */
  #unsaved = false;

  constructor(
    path: string,
    private readonly clock: Clock,
  ) {
    super();
    this.#file = new KeptFile(path, z.array(KEPT_API_KEY));
    this.#keys = new Map((this.#file.read() ?? []).map((key) => [key.id, key]));
  }

  override async create(key: ApiKey): Promise<boolean> {
    this.#sweep();
    if (this.#keys.size >= MAX_API_KEYS) return false;
    this.#keys.set(key.id, key);
    try {
      await this.#save();
    } catch (error) {
      // Nobody has seen it yet.
      this.#keys.delete(key.id);
      throw error;
    }
    return true;
  }

  override find(id: string): ApiKey | undefined {
    const key = this.#keys.get(id);
    const now = this.clock.now();
    if (key === undefined || now >= key.expiresAt) return undefined;
    if (isUseDue(key, now)) this.#noteUse(key, now);
    return key;
  }

  override list(): Promise<readonly ApiKey[]> {
    this.#sweep();
    return Promise.resolve(newestFirst([...this.#keys.values()]));
  }

  /** Refused from here on even where the disk does not take it; trying again then saves what was not. */
  override async revoke(id: string): Promise<boolean> {
    this.#sweep();
    if (!this.#keys.delete(id) && !this.#unsaved) return false;
    await this.#save();
    return true;
  }

  #noteUse(key: ApiKey, now: number): void {
    this.#keys.set(key.id, { ...key, lastUsedAt: now });
    // The request need not wait for it, and nothing hangs on it.
    this.#save().catch(() => undefined);
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const [id, { expiresAt }] of this.#keys) if (expiresAt <= now) this.#keys.delete(id);
  }

  async #save(): Promise<void> {
    this.#unsaved = true;
    try {
      await this.#file.write([...this.#keys.values()].map(keptFrom));
      this.#unsaved = false;
    } catch (error) {
      throw stateUnavailable(error);
    }
  }
}
