import { readFileSync } from 'node:fs';
import {
  ErrorCode,
  OpenFeatureEventEmitter,
  ProviderEvents,
  StandardResolutionReasons,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
} from '@openfeature/server-sdk';
import { PolledFiles } from '../kernel/polled-files.js';

const MAX_FILE_BYTES = 65_536;

/**
 * An OpenFeature provider over one JSON object in a file, `{"response-cache": false}`, read again when it changes. While
 * the file is absent or not valid the last good values hold.
 */
export class FlagFileProvider implements Provider {
  readonly metadata = { name: 'file' } as const;
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  #values: Readonly<Record<string, unknown>> = {};
  readonly #file: PolledFiles;

  constructor(private readonly path: string) {
    this.#file = new PolledFiles([path], () => {
      this.reload();
    });
  }

  initialize(): Promise<void> {
    this.#values = this.#read() ?? {};
    this.#file.start();
    return Promise.resolve();
  }

  onClose(): Promise<void> {
    this.#file.stop();
    return Promise.resolve();
  }

  /** Reads the file again and tells OpenFeature's listeners. */
  reload(): void {
    const values = this.#read();
    if (values === undefined) return;
    this.#values = values;
    this.events.emit(ProviderEvents.ConfigurationChanged, { message: 'the flag file changed' });
  }

  resolveBooleanEvaluation(key: string, fallback: boolean): Promise<ResolutionDetails<boolean>> {
    return Promise.resolve(this.#resolve(key, fallback, (value) => typeof value === 'boolean'));
  }

  resolveStringEvaluation(key: string, fallback: string): Promise<ResolutionDetails<string>> {
    return Promise.resolve(this.#resolve(key, fallback, (value) => typeof value === 'string'));
  }

  resolveNumberEvaluation(key: string, fallback: number): Promise<ResolutionDetails<number>> {
    return Promise.resolve(this.#resolve(key, fallback, (value) => typeof value === 'number'));
  }

  resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T): Promise<ResolutionDetails<T>> {
    return Promise.resolve(this.#resolve(key, fallback, (value) => typeof value === 'object'));
  }

  #resolve<T>(key: string, fallback: T, isRight: (value: unknown) => boolean): ResolutionDetails<T> {
    if (!Object.hasOwn(this.#values, key)) return { value: fallback, reason: StandardResolutionReasons.DEFAULT };
    const value = this.#values[key];
    if (isRight(value)) return { value: value as T, reason: StandardResolutionReasons.STATIC };
    return { value: fallback, reason: StandardResolutionReasons.ERROR, errorCode: ErrorCode.TYPE_MISMATCH };
  }

  #read(): Readonly<Record<string, unknown>> | undefined {
    try {
      const text = readFileSync(this.path, 'utf8');
      if (text.length > MAX_FILE_BYTES) return undefined;
      const parsed: unknown = JSON.parse(text);
      return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
        ? (parsed as Record<string, unknown>)
        : undefined;
    } catch {
      return undefined;
    }
  }
}
