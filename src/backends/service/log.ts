import { pino, type DestinationStream, type Logger } from 'pino';

/** All a log line may carry besides its event: no names, samples, files, queries, tokens or texts of errors. */
const FIELDS = [
  'request_id',
  'method',
  'route',
  'status',
  'duration_ms',
  'code',
  'error',
  'frames',
  'count',
  'bytes',
  'port',
  'signal',
  'exit_code',
  'job_id',
  'step',
  'attempt',
  'peer',
] as const;

export type LogFields = Partial<Record<(typeof FIELDS)[number], string | number | readonly string[]>>;

export interface BackendLog {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** An unexpected error: its class, its code and where it happened, never its text, which may quote a row or a file. */
  fault(event: string, error: unknown, fields?: LogFields): void;
  child(service: string): BackendLog;
}

/** Lines of JSON on standard output, or to `destination`. */
export function createLog(level: string, destination?: DestinationStream): BackendLog {
  const options = { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime };
  return new PinoLog(destination === undefined ? pino(options) : pino(options, destination));
}

class PinoLog implements BackendLog {
  constructor(private readonly logger: Logger) {}

  debug(event: string, fields: LogFields = {}): void {
    this.logger.debug({ event, ...allowed(fields) });
  }

  info(event: string, fields: LogFields = {}): void {
    this.logger.info({ event, ...allowed(fields) });
  }

  warn(event: string, fields: LogFields = {}): void {
    this.logger.warn({ event, ...allowed(fields) });
  }

  error(event: string, fields: LogFields = {}): void {
    this.logger.error({ event, ...allowed(fields) });
  }

  fault(event: string, error: unknown, fields: LogFields = {}): void {
    this.error(event, { ...fields, ...faultFields(error) });
  }

  child(service: string): BackendLog {
    return new PinoLog(this.logger.child({ service }));
  }
}

function allowed(fields: LogFields): LogFields {
  const kept: LogFields = {};
  for (const name of FIELDS) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
}

function faultFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const code = codeOf(error) ?? codeOf(cause);
  return {
    error: cause === undefined ? error.name : `${error.name} < ${cause.name}`,
    code,
    frames: framesOf(cause ?? error),
  };
}

function codeOf(error: Error | undefined): string | undefined {
  const code: unknown = error !== undefined && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const framesOf = (error: Error): string[] =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6)
    .map((line) => line.trim());
