import { Cluster, type Redis } from 'ioredis';
import { QUESTION_TIMEOUT_MS, type RedisClient } from './redis-client.js';
import { answerWithin, StoreSilent } from './store-answer.js';

const PROBE_KEY = 'genoflow:probe';

/**
 * Whether the store takes writes: a PING would be answered by a demoted master, by one that has lost its replicas and
 * by one that cannot write its disk. Deleting is allowed where memory has run out, and reads are good there.
 */
export async function takesWrites(client: RedisClient): Promise<boolean> {
  if (client instanceof Cluster) return someMasterIsWell(client);
  try {
    await answerWithin(client.del(PROBE_KEY), QUESTION_TIMEOUT_MS);
    return true;
  } catch {
    return false;
  }
}

/** A Cluster is there while any of its masters is and says that it is; what lies on a lost node fails by itself. */
async function someMasterIsWell(cluster: Cluster): Promise<boolean> {
  const answers = await Promise.all(cluster.nodes('master').map(isWell));
  return answers.includes(true);
}

async function isWell(node: Redis): Promise<boolean> {
  try {
    const info: unknown = await answerWithin(node.cluster('INFO'), QUESTION_TIMEOUT_MS);
    return String(info).includes('cluster_state:ok');
  } catch (error) {
    // A frozen node keeps its socket, and with it all that is sent there. The next command connects anew.
    if (error instanceof StoreSilent) node.disconnect();
    return false;
  }
}

/** The policy by which a server throws keys away when its memory is full; undefined where it does not, or will not say. */
export async function evictionPolicyOf(client: RedisClient): Promise<string | undefined> {
  const server = client instanceof Cluster ? client.nodes('master')[0] : client;
  const info = await server?.info('memory').catch(() => '');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info ?? '')?.[1];
  const isBounded = /^maxmemory:[1-9]/m.test(info ?? '');
  return isBounded && policy !== 'noeviction' ? policy : undefined;
}
