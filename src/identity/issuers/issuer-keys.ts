import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWTHeaderParameters } from 'jose';
import type { Clock } from '../../kernel/clock.js';
import { verificationKeysRead } from '../../kernel/events.js';
import { issuerUnavailable } from '../identity.errors.js';
import { IssuerFault } from './issuer-client.js';

/** A key that its issuer has removed verifies for this long at most, while the issuer answers. Milliseconds. */
export const REFRESH_MS = 300_000;
/** After a failure the issuer is asked again this soon. */
export const RETRY_MS = 30_000;
/** Tokens can have an issuer asked no more often than this: whoever makes up key ids must not make us flood it. */
export const COOLDOWN_MS = 10_000;
/** Known keys outlive an outage of their issuer by this. */
export const USABLE_MS = 86_400_000;
/** So that replicas do not ask in step. */
const JITTER = 0.1;

interface KnownKeys {
  readonly find: (header: JWTHeaderParameters) => Promise<CryptoKey>;
  readonly text: string;
  /** Monotonic milliseconds. */
  readonly readAt: number;
}

/**
 * The keys of one external issuer. They are read at the start and every five minutes in the background; no request waits
 * for that. A token with an unknown key id has them read at once (OpenID Connect Core 1.0 section 10.1.1), all that ask
 * meanwhile share the one reading, and there is no other within the cooldown, whether it succeeded or failed. jose's own
 * remote set is not used: it starts a new reading for every token while the issuer is away, and drops keys by age even so.
 */
export class IssuerKeys {
  #known: KnownKeys | undefined;
  #reading: Promise<void> | undefined;
  #begunAt = -Infinity;
  #dueAt = -Infinity;
  #onReplaced: () => void = () => undefined;

  constructor(
    private readonly issuer: string,
    private readonly fetchKeys: () => Promise<JSONWebKeySet>,
    private readonly clock: Clock,
  ) {}

  /** Has `listener` called when keys have changed: what was verified before may not hold any more. */
  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  /** The key that a header asks for; rejects with jose's JWKSNoMatchingKey or with `issuer_unavailable`. */
  async find(header: JWTHeaderParameters): Promise<CryptoKey> {
    if (this.#usable() === undefined) await this.#readUnlessCooling();
    const known = this.#usable();
    if (known === undefined) throw issuerUnavailable();
    try {
      return await known.find(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#readUnlessCooling())) throw error;
      return (this.#usable() ?? known).find(header);
    }
  }

  /** To be called every second or so. */
  async refreshIfDue(): Promise<void> {
    if (this.#known !== undefined && this.#usable() === undefined) {
      this.#known = undefined;
      this.#onReplaced();
    }
    if (this.#reading === undefined && this.clock.monotonic() >= this.#dueAt) await this.#read();
  }

  #usable(): KnownKeys | undefined {
    const known = this.#known;
    return known !== undefined && this.clock.monotonic() - known.readAt < USABLE_MS ? known : undefined;
  }

  /** False where it is too early to ask again. */
  async #readUnlessCooling(): Promise<boolean> {
    if (this.#reading === undefined && this.clock.monotonic() - this.#begunAt < COOLDOWN_MS) return false;
    await (this.#reading ?? this.#read());
    return true;
  }

  #read(): Promise<void> {
    this.#begunAt = this.clock.monotonic();
    this.#reading = this.#fetch().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #fetch(): Promise<void> {
    try {
      const changed = this.#take(await this.fetchKeys());
      this.#done(REFRESH_MS * (1 - JITTER * Math.random()), changed ? 'changed' : 'unchanged');
    } catch (error) {
      this.#done(RETRY_MS, 'failed', error instanceof IssuerFault ? error.message : 'the JWK Set is not valid');
    }
  }

  /** True where they are others than before. */
  #take(jwks: JSONWebKeySet): boolean {
    const text = JSON.stringify(jwks);
    const readAt = this.clock.monotonic();
    const changed = text !== this.#known?.text;
    this.#known =
      changed || this.#known === undefined
        ? { find: createLocalJWKSet(jwks), text, readAt }
        : { ...this.#known, readAt };
    if (changed) this.#onReplaced();
    return changed;
  }

  #done(nextMs: number, outcome: 'changed' | 'unchanged' | 'failed', ...faults: string[]): void {
    this.#dueAt = this.clock.monotonic() + nextMs;
    verificationKeysRead.publish({ source: 'issuer', name: this.issuer, outcome, faults });
  }
}
