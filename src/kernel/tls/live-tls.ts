import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../clock.js';
import { tlsFilesRead } from '../events.js';
import { PolledFiles } from '../polled-files.js';
import { readTlsFiles, type TlsSource, type TlsUse } from './tls-files.js';
import type { TlsMaterial } from './tls-material.js';

/**
 * The TLS material of one use, read again when its files change, so that certificates are renewed without a restart. What
 * does not fit together or has expired changes nothing and is told of.
 */
export class LiveTls implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #files: PolledFiles | undefined;
  readonly #listeners: (() => void)[] = [];
  #material: TlsMaterial;

  constructor(
    private readonly use: TlsUse,
    private readonly source: TlsSource,
    private readonly clock: Clock,
  ) {
    this.#material = source.material;
    const paths = Object.values(source.files) as string[];
    if (paths.length > 0) this.#files = new PolledFiles(paths, () => this.#read());
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** Calls back whenever there is other material. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  onApplicationBootstrap(): void {
    this.#files?.start();
  }

  onApplicationShutdown(): void {
    this.#files?.stop();
  }

  #read(): void {
    const { content, faults = [] } = readTlsFiles(this.use, this.source.files, this.clock.now());
    const outcome = content === undefined ? 'failed' : content.equals(this.#material) ? 'unchanged' : 'changed';
    if (content !== undefined && outcome === 'changed') {
      this.#material = content;
      for (const listener of this.#listeners) listener();
    }
    tlsFilesRead.publish({ use: this.use, outcome, faults, expiresAt: this.#material.expiresAt });
  }
}
