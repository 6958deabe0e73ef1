import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import { JobSignals } from '../jobs/job-signals.js';
import type { JobEvent, JobStore } from '../jobs/job.store.js';
import { waitUntil } from '../testing/wait-until.js';
import { EventStreams, STREAM_LIMITS } from './event-stream.js';

const QUICK = { ...STREAM_LIMITS, lookEveryMs: 20, heartbeatMs: 50, drainMs: 200, streamsPerUser: 2 };

/** A job that always has more to tell, each event of 64 KiB, or never anything. */
class TellingStore {
  reads = 0;
  constructor(private readonly isTalkative: boolean) {}
  events(_jobId: string, after: number, limit: number): Promise<JobEvent[]> {
    this.reads += 1;
    if (!this.isTalkative) return Promise.resolve([]);
    const data = 'x'.repeat(64 * 1024);
    return Promise.resolve(
      Array.from({ length: Math.min(limit, 10) }, (_none, index) => ({
        sequence: after + index + 1,
        event: 'progress',
        data,
      })),
    );
  }
}

describe('an event stream', () => {
  let server: Server;
  let outcomes: Promise<unknown>[];

  const serve = async (store: TellingStore, limits = QUICK): Promise<number> => {
    const clock = { now: () => performance.now() };
    const streams = new EventStreams(store as unknown as JobStore, new JobSignals(), clock, limits);
    outcomes = [];
    server = createServer((request, response) => {
      const expressed = Object.assign(response, {
        status: (code: number) => Object.assign(response, { statusCode: code }),
        set: (fields: Record<string, string>) => {
          for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
          return response;
        },
      }) as unknown as Response;
      const sent = streams.send(request as Request, expressed, { jobId: 'job_a', userId: 'usr_a', after: 0 });
      outcomes.push(
        sent.catch((error: unknown) => {
          response.statusCode = 429;
          response.end();
          return error;
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('cuts a reader off that does not read, and stops asking for more on its behalf', async () => {
    const store = new TellingStore(true);
    const port = await serve(store);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await waitUntil(() => outcomes.length === 1);
    await outcomes[0];
    const { reads } = store;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.reads).toBe(reads);
    socket.destroy();
  });

  it('says something while nothing happens', async () => {
    const port = await serve(new TellingStore(false));
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    let text = '';
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes(':\n\n')) break;
    }
    expect(text).toBe('retry: 2000\n\n:\n\n');
  });

  it('refuses a user too many of them, until one is closed', async () => {
    const port = await serve(new TellingStore(false));
    const open = async (): Promise<[number, AbortController]> => {
      const controller = new AbortController();
      const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: controller.signal });
      return [answer.status, controller];
    };
    const [[first, closing], [second], [third]] = [await open(), await open(), await open()];
    expect([first, second, third]).toEqual([200, 200, 429]);
    closing.abort();
    await outcomes[0];
    expect((await open())[0]).toBe(200);
  });

  it('ends by itself when its server is told to close', async () => {
    const port = await serve(new TellingStore(false));
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    server.close();
    expect(await answer.text()).toContain('retry');
    await outcomes[0];
  });
});
