/**
 * The container's health check: exits 0 if the process in this container answers 200 at the path given as first
 * argument (default /health/live) on PORT (default 8000) within 3 s. It stands in for curl, which the image does not have.
 */
const path = process.argv[2] ?? '/health/live';
const port = process.env.PORT ?? '8000';

try {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(3_000) });
  await response.body?.cancel();
  process.exitCode = response.status === 200 ? 0 : 1;
} catch {
  process.exitCode = 1;
}
