import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { generateReads } from '../support/generate-reads.js';
import { BuiltGateway, childrenOf, eventually, isAlive } from '../support/built-gateway.js';

interface Upload {
  readonly upload_id: string;
  readonly status: string;
  readonly sha256: string;
  readonly received_bytes: number;
}
interface Job {
  readonly job_id: string;
  readonly status: string;
  readonly attempt: number;
  readonly error: unknown;
}

const json = async <Body>(response: Response): Promise<Body> => {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
};

/** Reads whose bases do not compress, so that a file takes its time on the wire. */
const reads = (pairs: number) => {
  const { reads1, reads2 } = generateReads({ pairs });
  return [gzipSync(reads1, { level: 1 }), gzipSync(reads2, { level: 1 })] as const;
};

describe('kill -9 of the gateway', () => {
  it('takes the backends with it', async () => {
    const gateway = await new BuiltGateway().start();
    try {
      const children = gateway.childPids();
      expect(children.length).toBeGreaterThan(0);
      await gateway.kill();
      await eventually(() => (children.some(isAlive) ? undefined : true), 15_000);
    } finally {
      await gateway.close();
    }
  }, 90_000);

  it('in the middle of an upload loses nothing that had arrived: it goes on where it stopped', async () => {
    const gateway = await new BuiltGateway({ PORT: '0' }).start();
    try {
      const [file] = reads(20_000);
      const authorization = await gateway.login();
      const opened = await json<Upload>(
        await fetch(`${gateway.url}/api/v1/ingestion/upload`, {
          method: 'POST',
          headers: { ...authorization, 'content-type': 'application/json' },
          body: JSON.stringify({
            sample_id: 'S1',
            file_name: 'S1_R1.fastq.gz',
            file_size: file.length,
            checksum: `sha256:${createHash('sha256').update(file).digest('hex')}`,
          }),
        }),
      );
      const path = `/api/v1/ingestion/upload/${opened.upload_id}`;
      const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
      const half = Math.floor(file.length / 2);
      const trickle = new ReadableStream({
        async pull(controller) {
          controller.enqueue(file.subarray(0, half));
          await sleep(600_000, undefined, { ref: false });
        },
      });
      void fetch(`${gateway.url}${path}`, {
        method: 'PATCH',
        headers: { ...authorization, ...tus, 'upload-offset': '0' },
        body: trickle,
        duplex: 'half',
      } as RequestInit).catch(() => undefined);
      await sleep(1_500);
      await gateway.kill();
      await gateway.start();
      const again = await gateway.login();
      const head = await fetch(`${gateway.url}${path}`, { method: 'HEAD', headers: { ...again, ...tus } });
      const offset = Number(head.headers.get('upload-offset'));
      expect(head.status).toBe(200);
      expect(offset).toBeGreaterThan(0);
      const rest = await fetch(`${gateway.url}${path}`, {
        method: 'PATCH',
        headers: { ...again, ...tus, 'upload-offset': String(offset) },
        body: file.subarray(offset),
      });
      expect([rest.status, await rest.text()]).toEqual([204, '']);
      const done = await json<Upload>(await fetch(`${gateway.url}${path}`, { headers: again }));
      expect(done).toMatchObject({ status: 'completed', sha256: createHash('sha256').update(file).digest('hex') });
    } finally {
      await gateway.close();
    }
  }, 120_000);
});

describe('kill -9 of the job service in the middle of a job', () => {
  it('neither loses nor doubles the job', async () => {
    const gateway = await new BuiltGateway().start();
    try {
      const authorization = await gateway.login();
      const [first, second] = reads(60_000);
      const upload = async (name: string, body: Buffer, mate?: string): Promise<Upload> =>
        json<Upload>(
          await fetch(
            `${gateway.url}/api/v1/ingestion/upload?sample_id=S1&file_name=${name}${mate === undefined ? '' : `&mate_of=${mate}`}`,
            {
              method: 'POST',
              headers: { ...authorization, 'content-type': 'application/gzip' },
              body: body as BodyInit,
            },
          ),
        );
      const one = await upload('S1_R1.fastq.gz', first);
      const two = await upload('S1_R2.fastq.gz', second, one.upload_id);
      const submit = async (): Promise<Job> =>
        json<Job>(
          await fetch(`${gateway.url}/api/v1/execution/jobs`, {
            method: 'POST',
            headers: {
              ...authorization,
              'content-type': 'application/json',
              'idempotency-key': randomBytes(8).toString('hex'),
            },
            body: JSON.stringify({
              pipeline_id: 'fastq-preprocess',
              sample_id: 'S1',
              inputs: { reads_1: one.upload_id, reads_2: two.upload_id },
            }),
          }),
        );
      const job = await submit();
      const ask = async (): Promise<Job | undefined> => {
        const response = await fetch(`${gateway.url}/api/v1/execution/jobs/${job.job_id}`, { headers: authorization });
        return response.ok ? ((await response.json()) as Job) : undefined;
      };
      await eventually(async () => ((await ask())?.status === 'running' ? true : undefined), 30_000);
      const [child] = childrenOf(gateway.pid);
      if (child === undefined) throw new Error('no backends process');
      process.kill(child, 'SIGKILL');
      const finished = await eventually(async () => {
        const state = await ask();
        return state !== undefined && ['completed', 'failed'].includes(state.status) ? state : undefined;
      }, 90_000);
      expect(finished).toMatchObject({ status: 'completed', attempt: 2 });
      const list = await json<{ items: Job[] }>(
        await fetch(`${gateway.url}/api/v1/execution/jobs`, { headers: authorization }),
      );
      expect(list.items.map(({ job_id }) => job_id)).toEqual([job.job_id]);
    } finally {
      await gateway.close();
    }
  }, 180_000);
});
