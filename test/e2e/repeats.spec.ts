import { eventually } from '../support/built-gateway.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

const JOBS = '/api/v1/execution/jobs';
const JOB = { pipeline_id: 'p1', sample_id: 'S1' };

let gateway: BootedGateway;
let headers: { authorization: string };

beforeAll(async () => {
  gateway = await bootGateway();
  headers = await gateway.login();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.backends.seen.splice(0);
  let made = 0;
  gateway.backends.handle = (_request, response) => {
    made += 1;
    response.writeHead(201, { 'content-type': 'application/json', location: `jobs/job_${made}` });
    response.end(`{"job_id":"job_${made}"}`);
  };
});

const submit = async (key: string, body: unknown = JOB, who = headers) => {
  const response = await fetch(`${gateway.url}${JOBS}`, {
    method: 'POST',
    headers: { ...who, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    replayed: response.headers.get('idempotency-replayed'),
    location: response.headers.get('location'),
    body: (await response.json()) as { job_id?: string; code?: string },
  };
};

describe('an Idempotency-Key', () => {
  it('gives the first answer again, status and fields included, and one job', async () => {
    const first = await submit('key-0001');
    const second = await submit('key-0001');
    expect(first).toMatchObject({ status: 201, replayed: null, body: { job_id: 'job_1' } });
    expect(second).toEqual({ ...first, replayed: 'true' });
    expect(gateway.backends.calls).toHaveLength(1);
    expect(gateway.backends.calls[0]?.headers['idempotency-key']).toBe('key-0001');
  });

  it('is refused with another payload, and free again after a refused one', async () => {
    await submit('key-0002');
    expect(await submit('key-0002', { ...JOB, sample_id: 'S2' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect(await submit('key-0003', { nonsense: true })).toMatchObject({ body: { code: 'validation_failed' } });
    expect(await submit('key-0003')).toMatchObject({ status: 201, replayed: null });
  });

  it('belongs to its user', async () => {
    await submit('key-0004');
    expect(await submit('key-0004', JOB, await gateway.login('analyst'))).toMatchObject({
      status: 201,
      replayed: null,
    });
  });

  it('of a request that still runs is refused, and never runs twice', async () => {
    gateway.backends.handle = (_request, response) => {
      setTimeout(() => response.writeHead(201, { 'content-type': 'application/json' }).end('{"job_id":"job_1"}'), 400);
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit('key-0005')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'idempotency_in_progress')).toHaveLength(7);
    expect(gateway.backends.calls).toHaveLength(1);
  });
});

describe('a submission with an Idempotency-Key', () => {
  it('whose client goes is finished, and its retry gets the answer', async () => {
    const gone = new AbortController();
    const { handle } = gateway.backends;
    gateway.backends.handle = (request, response, seen) => {
      gone.abort();
      setTimeout(() => handle(request, response, seen), 200);
    };
    const first = fetch(`${gateway.url}${JOBS}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': 'key-0006' },
      body: JSON.stringify(JOB),
      signal: gone.signal,
    });
    await expect(first).rejects.toThrow();
    const again = await eventually(async () => {
      const answer = await submit('key-0006');
      return answer.body.code === 'idempotency_in_progress' ? undefined : answer;
    });
    expect(again).toMatchObject({ status: 201, replayed: 'true', body: { job_id: 'job_1' } });
    expect(gateway.backends.calls).toHaveLength(1);
  });

  it.each([
    ['with', { 'idempotency-key': 'key-0007' }, 201, 2],
    ['without', {}, 502, 1],
  ])('%s a key meets a lost connection: %j, %d, calls of the service: %d', async (_with, key, status, calls) => {
    const { handle } = gateway.backends;
    gateway.backends.handle = (request, response, seen) => {
      if (gateway.backends.calls.length === 1) request.socket.destroy();
      else handle(request, response, seen);
    };
    const response = await fetch(`${gateway.url}${JOBS}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', ...key },
      body: JSON.stringify(JOB),
    });
    await response.arrayBuffer();
    expect(response.status).toBe(status);
    expect(gateway.backends.calls).toHaveLength(calls);
  });
});

describe('the pipeline catalogue', () => {
  const list = (who: { authorization: string }): Promise<Response> =>
    fetch(`${gateway.url}/api/v1/pipelines`, { headers: who });

  it('is answered from the cache for those of the same roles, and says how old it is', async () => {
    gateway.backends.handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":[],"next_cursor":null}');
    };
    expect((await list(headers)).headers.get('age')).toBeNull();
    const kept = await list(headers);
    expect([kept.headers.get('age'), await kept.json()]).toEqual(['0', { items: [], next_cursor: null }]);
    expect((await list(await gateway.login('viewer'))).headers.get('age')).toBeNull();
    expect(gateway.backends.calls).toHaveLength(2);
  });
});
