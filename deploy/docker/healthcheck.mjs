/**
 * The container's health check: exits 0 if the process in this container answers 200 at the path given as first
 * argument (default /health/live) on PORT (default 8000) within 3 s, by HTTPS where TLS_CERT_FILE is set. It stands in for
 * curl, which the image does not have.
 */
import { get as getByHttp } from 'node:http';
import { get as getByHttps } from 'node:https';

const path = process.argv[2] ?? '/health/live';
const port = process.env.PORT ?? '8000';
const get = process.env.TLS_CERT_FILE ? getByHttps : getByHttp;

// No certificate is for 127.0.0.1, and nothing is sent there but the question.
const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, signal: AbortSignal.timeout(3_000) };
get(options, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
}).on('error', () => {
  process.exit(1);
});
