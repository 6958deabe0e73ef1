import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { BackendClock } from '../service/clock.js';
import { linkExpired, linkInvalid } from './results.problems.js';

/** Two base64url parts joined by a dot; 439 characters at most with the longest job id and file name. */
const TOKEN = /^([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{43})$/;

const PAYLOAD = z.tuple([z.string(), z.string(), z.number().int()]);

/** What a link gives access to: one file of one job, until a moment. */
export interface LinkTarget {
  readonly jobId: string;
  readonly file: string;
  /** Whole seconds since the Unix epoch. */
  readonly expiresAt: number;
}

/**
 * Makes and reads download tokens: the target as JSON, base64url, and its HMAC-SHA256 (RFC 2104) under LINK_SECRET.
 * The token is the right to the file; nothing is kept on the server.
 */
export class DownloadLinks {
  constructor(
    private readonly secret: string,
    private readonly clock: BackendClock,
  ) {}

  issue(jobId: string, file: string, lifeSeconds: number): LinkTarget & { token: string } {
    const expiresAt = Math.floor(this.clock.now() / 1_000) + lifeSeconds;
    const payload = Buffer.from(JSON.stringify([jobId, file, expiresAt])).toString('base64url');
    return { jobId, file, expiresAt, token: `${payload}.${this.signatureOf(payload)}` };
  }

  /** Throws `link_invalid` for whatever we did not sign and `link_expired` for what is over. */
  open(token: string): LinkTarget {
    const [, payload, signature] = TOKEN.exec(token) ?? [];
    if (payload === undefined || signature === undefined) throw linkInvalid();
    // The text is compared, not the bytes it stands for: base64url can spell the same bytes in more than one way.
    if (!timingSafeEqual(Buffer.from(this.signatureOf(payload)), Buffer.from(signature))) throw linkInvalid();
    const [jobId, file, expiresAt] = PAYLOAD.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    if (this.clock.now() >= expiresAt * 1_000) throw linkExpired();
    return { jobId, file, expiresAt };
  }

  private signatureOf(payload: string): string {
    return createHmac('sha256', this.secret).update(payload).digest('base64url');
  }
}
