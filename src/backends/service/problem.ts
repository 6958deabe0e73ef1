import { STATUS_CODES } from 'node:http';

/** A refusal that a client may read, sent as RFC 9457 `application/problem+json`. */
export class BackendProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** Extension members of the problem document (RFC 9457 section 3.2); never a stack, an address or a value of a row. */
    readonly members: Record<string, unknown> = {},
    /** Header fields that belong to the refusal, such as Retry-After. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'BackendProblem';
  }

  /** The document as it is sent. */
  toDocument(): Record<string, unknown> {
    return {
      ...this.members,
      type: `urn:genoflow:problem:${this.code}`,
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.detail,
      code: this.code,
    };
  }
}
