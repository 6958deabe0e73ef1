const MAX_PROBLEM_CHARACTERS = 65_536;

/** An answer of the gateway that is no success, told by its RFC 9457 problem document. */
export class ProblemError extends Error {
  /** @param {number} status HTTP status @param {Record<string, unknown>} problem the problem document, maybe empty */
  constructor(status, problem) {
    super(describe(status, problem));
    this.name = 'ProblemError';
    this.status = status;
    this.code = typeof problem.code === 'string' ? problem.code : undefined;
  }

  /** Reads the problem out of an answer; an answer of another form becomes a problem with nothing but its status. */
  static async from(response) {
    const text = (await response.text().catch(() => '')).slice(0, MAX_PROBLEM_CHARACTERS);
    return new ProblemError(response.status, parseObject(text));
  }
}

function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function describe(status, { title, detail, code, request_id: requestId, errors, missing }) {
  const lines = [`${status} ${title ?? 'without a problem document'}${code ? ` (${code})` : ''}`];
  if (detail) lines.push(String(detail));
  for (const error of Array.isArray(errors) ? errors : []) {
    lines.push(`- ${error.pointer ?? ''} ${error.detail ?? JSON.stringify(error)}`.trim());
  }
  for (const item of Array.isArray(missing) ? missing : []) lines.push(`- ${item.tool}: ${item.reason}`);
  if (requestId) lines.push(`request id: ${requestId}`);
  return lines.join('\n');
}
