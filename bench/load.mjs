// Sends a number of GET requests over a number of connections, each as soon as the one before it is answered.
import { Pool } from 'undici';

/** Rejects for an answer other than 200. `connect` is undici's, for TLS. */
export async function load(url, { path, headers, count, connections, connect }) {
  const pool = new Pool(url, { connections, pipelining: 1, ...(connect && { connect }) });
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
      await body.dump();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  await pool.close();
}
