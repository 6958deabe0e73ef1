import { request } from 'undici';
import { z } from 'zod';

const TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 1_048_576;

/** An instant vector (https://prometheus.io/docs/prometheus/latest/querying/api/); a sample's value is text. */
const ANSWER = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })).max(1_000),
  }),
});

/** Asks a Prometheus server for single figures over its HTTP API. */
export class PrometheusClient {
  private readonly base: URL;

  /** @param url where the server is; it may carry a path */
  constructor(url: string) {
    this.base = new URL(url.endsWith('/') ? url : `${url}/`);
  }

  /**
   * The value of the first series that `expression` yields; null when there is none or it is no number. Throws when the
   * server does not answer within 3 s, answers more than 1 MiB, or answers something else.
   */
  async value(expression: string): Promise<number | null> {
    const url = new URL('api/v1/query', this.base);
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query: expression, timeout: `${TIMEOUT_MS}ms` }).toString(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await readBounded(body);
    if (statusCode !== 200) throw new Error(`Prometheus answered ${statusCode}.`);
    const [series] = ANSWER.parse(JSON.parse(text)).data.result;
    const value = series === undefined ? NaN : Number(series.value[1]);
    return Number.isFinite(value) ? value : null;
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new RangeError('Prometheus answered too much.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
