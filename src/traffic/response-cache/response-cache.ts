import { createHash } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import type { RecordedAnswer } from '../recording/recorded-answer.js';
import type { AnswerStore } from './answer-store.js';
import { keepForMs, keptFields } from './cache-rules.js';

/** What an answer depends on: where it is, what was asked, and what its reader may see. */
export interface CacheSubject {
  readonly route: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly roles: readonly string[];
}

/** Answers of catalogue reads, for a short time. Its own failure is a miss, never the request's. */
export class ResponseCache {
  constructor(
    private readonly store: AnswerStore,
    private readonly clock: Clock,
    private readonly ttlMs: number,
  ) {}

  get isOn(): boolean {
    return this.ttlMs > 0;
  }

  keyOf({ route, target, roles }: CacheSubject): string {
    const parts = [route, target, ...[...roles].sort()];
    return createHash('sha256').update(parts.join('\0')).digest('base64url');
  }

  /** The kept answer with its Age field (RFC 9111 section 5.1), or undefined. */
  async read(key: string): Promise<RecordedAnswer | undefined> {
    try {
      const kept = await this.store.read(key);
      if (kept === undefined) return undefined;
      const ageSeconds = Math.max(0, Math.floor((this.clock.now() - kept.storedAt) / 1000));
      return { status: kept.status, fields: [...kept.fields, 'Age', String(ageSeconds)], body: kept.body };
    } catch {
      return undefined;
    }
  }

  keep(key: string, answer: RecordedAnswer): void {
    const ttlMs = keepForMs(answer.fields, this.ttlMs);
    if (ttlMs <= 0) return;
    const kept = { ...answer, fields: keptFields(answer.fields), storedAt: this.clock.now() };
    this.store.write(key, kept, ttlMs).catch(() => undefined);
  }
}
