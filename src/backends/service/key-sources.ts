import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { z } from 'zod';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 262_144;

/** Gives the text of a JWK Set (RFC 7517). Rejects where there is none within 3 s, or one of over 256 KiB. */
export type KeySource = () => Promise<string>;

/** GATEWAY_JWKS_URL: `http(s)://` is the gateway's /.well-known/jwks.json, `file://` a copy of it, `ipc:` the parent process. */
export function keySourceAt(address: string): KeySource {
  if (address === 'ipc:') return fromParent;
  return address.startsWith('file:') ? () => fromFile(fileURLToPath(address)) : () => fromGateway(address);
}

/** Follows no redirect. */
async function fromGateway(url: string): Promise<string> {
  const { statusCode, body } = await request(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  // Whoever leaves the loop early ends the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (statusCode !== 200 || size > MAX_BYTES) throw new Error('not an answer of 200 of at most 256 KiB');
    chunks.push(chunk);
  }
  if (statusCode !== 200) throw new Error('not an answer of 200');
  return Buffer.concat(chunks).toString('utf8');
}

async function fromFile(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw new Error('over 256 KiB');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

const ANSWER = z.object({ type: z.literal('gateway-keys'), jwks: z.string().max(MAX_BYTES) });

/** The gateway that started this process tells its keys as they are now, without a port or a file in between. */
function fromParent(): Promise<string> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      process.off('message', onMessage);
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error('the parent process did not answer'));
    }, TIMEOUT_MS);
    const onMessage = (message: unknown): void => {
      const answer = ANSWER.safeParse(message);
      if (!answer.success) return;
      end();
      resolve(answer.data.jwks);
    };
    process.on('message', onMessage);
    process.send?.({ type: 'gateway-keys-wanted' });
  });
}
