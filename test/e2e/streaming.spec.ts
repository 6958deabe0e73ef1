import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';

const MIB = 1_048_576;
let gateway: BootedGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await bootGateway({ UPLOAD_MAX_BYTES: String(300 * MIB) });
  headers = await gateway.login();
});
afterAll(() => gateway.close());
afterEach(() => {
  gateway.backends.readsBodies = true;
});

const UPLOAD = '/api/v1/ingestion/upload?sample_id=S1&file_name=a.fastq';

describe('an upload', () => {
  it('streams: the backend has bytes before the client has sent all', async () => {
    gateway.backends.readsBodies = false;
    const events: string[] = [];
    gateway.backends.handle = (request, response) => {
      request.once('data', () => events.push('backend got bytes'));
      request.on('end', () => response.writeHead(201).end('{}')).resume();
    };
    const body = Readable.from(
      (async function* () {
        yield Buffer.alloc(65_536);
        await eventually(() => (events.length > 0 ? true : undefined));
        events.push('client sent the rest');
        yield Buffer.alloc(65_536);
      })(),
    );
    const response = await fetch(`${gateway.url}${UPLOAD}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body: Readable.toWeb(body) as BodyInit,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(201);
    expect(events).toEqual(['backend got bytes', 'client sent the rest']);
  });

  it('stops the client when the backend stops reading', async () => {
    gateway.backends.readsBodies = false;
    gateway.backends.handle = () => undefined;
    const outgoing = httpRequest(`${gateway.url}${UPLOAD}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': 192 * MIB },
    });
    outgoing.on('error', () => undefined);
    let taken = 0;
    const chunk = Buffer.alloc(MIB);
    const pump = async (): Promise<void> => {
      while (taken < 192 * MIB) {
        if (!outgoing.write(chunk)) {
          const drained = await Promise.race([
            new Promise((resolve) =>
              outgoing.once('drain', () => {
                resolve(true);
              }),
            ),
            sleep(1_500, false),
          ]);
          if (drained === false) return;
        }
        taken += MIB;
      }
    };
    await pump();
    outgoing.destroy();
    expect(taken).toBeLessThan(64 * MIB);
  });

  it('cuts the backend off when the client goes', async () => {
    gateway.backends.readsBodies = false;
    let aborted = false;
    let begun = false;
    gateway.backends.handle = (request) => {
      request.once('data', () => (begun = true));
      request
        .on('close', () => (aborted = !request.complete))
        .on('error', () => undefined)
        .resume();
    };
    const outgoing = httpRequest(`${gateway.url}${UPLOAD}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': 1_000_000 },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(Buffer.alloc(100_000));
    await eventually(() => (begun ? true : undefined));
    outgoing.destroy();
    await eventually(() => (aborted ? true : undefined), 5_000);
  });

  it('that the backend refuses early is answered so, and its connection is not used again', async () => {
    gateway.backends.readsBodies = false;
    gateway.backends.handle = (_request, response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' }).end('{"code":"file_type_mismatch"}');
    };
    const outgoing = httpRequest(`${gateway.url}${UPLOAD}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': 50 * MIB },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(Buffer.alloc(100_000));
    const answer = await new Promise<IncomingMessage>((resolve) => outgoing.on('response', resolve));
    outgoing.destroy();
    expect([answer.statusCode, answer.headers.connection]).toEqual([422, 'close']);
  });

  it('larger than allowed is refused before the backend hears of it', async () => {
    gateway.backends.seen.splice(0);
    const outgoing = httpRequest(`${gateway.url}${UPLOAD}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': 301 * MIB },
    });
    outgoing.on('error', () => undefined);
    const status = await new Promise((resolve) => {
      outgoing.on('response', (response) => {
        resolve(response.statusCode);
      });
      outgoing.flushHeaders();
    });
    outgoing.destroy();
    expect(status).toBe(413);
    expect(gateway.backends.calls).toEqual([]);
  });
});

describe('a download', () => {
  it('stops the backend when the client stops reading', async () => {
    let taken = 0;
    gateway.backends.handle = (_request, response) => {
      response.writeHead(200, { 'content-length': 192 * MIB });
      const pump = (): void => {
        while (taken < 192 * MIB) {
          taken += MIB;
          if (!response.write(Buffer.alloc(MIB))) {
            response.once('drain', pump);
            return;
          }
        }
      };
      pump();
      response.on('error', () => undefined);
    };
    const client = httpRequest(`${gateway.url}/api/v1/results/download/abc`);
    const response = await new Promise<NodeJS.ReadableStream>((resolve) => {
      client.on('response', resolve).end();
    });
    response.pause();
    await sleep(1_500);
    expect(taken).toBeLessThan(64 * MIB);
    client.destroy();
  });

  it('is given up towards the backend when the client goes, also before an answer came', async () => {
    let closed = 0;
    const begun: ServerResponse[] = [];
    gateway.backends.handle = (_request, response) => {
      begun.push(response);
      response.on('close', () => (closed += 1));
    };
    const client = httpRequest(`${gateway.url}/api/v1/results/download/abc`).on('error', () => undefined);
    client.end();
    await eventually(() => (begun.length === 1 ? true : undefined));
    client.destroy();
    await eventually(() => (closed === 1 ? true : undefined), 5_000);
  });
});

describe('an event stream', () => {
  it('passes event by event', async () => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('id: 1\nevent: status\ndata: {"status":"running"}\n\n');
    };
    const response = await fetch(`${gateway.url}/api/v1/execution/jobs/job_1/events`, { headers });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toContain('"status":"running"');
  });
});

describe('several instances of a service', () => {
  it('share the calls, and one that is gone costs no client an error', async () => {
    const hits = new Map<number, number>();
    const instances = await Promise.all(
      [0, 1].map(async (index) => {
        const server = createServer((_request, response) => {
          hits.set(index, (hits.get(index) ?? 0) + 1);
          response.end('{}');
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return { server, url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
      }),
    );
    const balanced = await bootGateway({ QC_SERVICE_URL: instances.map(({ url }) => url).join(',') });
    try {
      const authorization = await balanced.login();
      const ask = async (): Promise<number> =>
        (await fetch(`${balanced.url}/api/v1/qc/results/qc_1`, { headers: authorization })).status;
      for (let call = 0; call < 20; call += 1) expect(await ask()).toBe(200);
      expect(Math.min(...hits.values())).toBeGreaterThanOrEqual(8);
      instances[0]?.server.closeAllConnections();
      instances[0]?.server.close();
      for (let call = 0; call < 20; call += 1) expect(await ask()).toBe(200);
    } finally {
      await balanced.close();
      for (const { server } of instances) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});
