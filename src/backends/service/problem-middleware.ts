import type { ErrorRequestHandler, Request, Response } from 'express';
import type { BackendLog } from './log.js';
import { BackendProblem } from './problem.js';
import { requestScope } from './request-scope.js';

/** What Express and its body parser throw (http-errors), by its `type`. */
const PARSER_PROBLEMS: Readonly<Record<string, BackendProblem>> = {
  'entity.parse.failed': new BackendProblem(400, 'malformed_body', 'The body is not valid JSON.'),
  'request.size.invalid': new BackendProblem(400, 'malformed_body', 'The body is not as long as its Content-Length.'),
  'request.aborted': new BackendProblem(400, 'malformed_body', 'The body broke off.'),
  'entity.too.large': new BackendProblem(413, 'body_too_large', 'The JSON body is larger than 1 MiB.'),
  'encoding.unsupported': new BackendProblem(415, 'unsupported_media_type', 'The body may not have a content coding.'),
  'charset.unsupported': new BackendProblem(415, 'unsupported_media_type', 'JSON is sent as UTF-8.'),
};

const INTERNAL = new BackendProblem(500, 'internal_error', 'The service met an unexpected error.');
const BAD_PATH = new BackendProblem(400, 'malformed_request', 'The path is not well-formed.');

/** Answers every error as problem+json; an error nobody foresaw gets one fixed body and a log entry without values. */
export function problemMiddleware(log: BackendLog): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = problemOf(error);
    if (problem === INTERNAL) log.fault('request_failed', error, { request_id: requestScope.getStore()?.requestId });
    else if (problem.status >= 500) log.warn('request_refused', { status: problem.status, code: problem.code });
    sendProblem(request, response, problem);
  };
}

/** The problem that an error stands for; the fixed internal one for errors nobody foresaw. */
export function problemOf(error: unknown): BackendProblem {
  if (error instanceof BackendProblem) return error;
  if (error instanceof URIError) return BAD_PATH;
  const type = (error as { type?: unknown } | undefined)?.type;
  return (typeof type === 'string' ? PARSER_PROBLEMS[type] : undefined) ?? INTERNAL;
}

/** Sends the document, or cuts the connection when an answer is already on its way. */
export function sendProblem(request: Request, response: Response, problem: BackendProblem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete) drain(request);
  response.status(problem.status).set({ ...problem.headers, 'cache-control': 'no-store' });
  response.type('application/problem+json').send(JSON.stringify(problem.toDocument()));
}

const DRAIN_MS = 10_000;
const DRAIN_BYTES = 64 * 1024 * 1024;

/**
 * Throws away what is left of a refused body, for a while: closing at once would reset the connection and take the
 * answer with it (RFC 9112 section 9.6). A client that does not stop sending is cut.
 */
function drain(request: Request): void {
  let left = DRAIN_BYTES;
  const cut = (): void => {
    request.socket.destroy();
  };
  const timer = setTimeout(cut, DRAIN_MS);
  request.once('close', () => {
    clearTimeout(timer);
  });
  request.once('end', () => {
    clearTimeout(timer);
  });
  request.on('error', () => undefined);
  request.unpipe();
  request.removeAllListeners('readable');
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
}
