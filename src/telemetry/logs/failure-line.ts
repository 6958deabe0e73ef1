const MAX_FRAMES = 12;

/**
 * A failure without its message: a parser's message quotes what it could not read, and that may be a patient's. The
 * error's names and the places it passed say what an operator needs.
 */
export function failureLine(error: unknown): { error: string; error_code?: string; frames?: string[]; cause?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = (error as NodeJS.ErrnoException).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error: error.name,
    ...(typeof code === 'string' ? { error_code: code } : {}),
    frames: frames.slice(0, MAX_FRAMES).map((line) => line.trim()),
    ...(error.cause instanceof Error ? { cause: error.cause.name } : {}),
  };
}
