import type { Peers } from '../service/peers.js';
import { runService, type TestCaller, type TestService } from '../service/testing/run-service.js';
import { pipelinesService } from './pipelines.service.js';

const TOOLS = ['cwltool', 'bash', 'gzip', 'fastp', 'bwa', 'samtools', 'bcftools', 'multiqc'];
const AS_PEER = { kind: 'peer', userId: 'service:execution', roles: [] } as const;

class ExecutionPeer {
  missing: string[] = [];
  isAway = false;
  asked = 0;
  readonly peers: Peers = {
    json: <T>(service: string, method: string, path: string): Promise<T> => {
      expect([service, method, path]).toEqual(['execution', 'GET', '/capabilities']);
      this.asked += 1;
      if (this.isAway) return Promise.reject(new Error('away'));
      const tools = TOOLS.map((tool) => {
        const available = !this.missing.includes(tool);
        return { tool, available, reason: available ? null : 'Not found on PATH.' };
      });
      return Promise.resolve({ tools } as T);
    },
    download: () => Promise.reject(new Error('unexpected')),
    upload: () => Promise.reject(new Error('unexpected')),
  };
}

describe('the pipelines service', () => {
  let service: TestService;
  let execution: ExecutionPeer;
  let now = 1_700_000_000_000;

  beforeAll(async () => {
    execution = new ExecutionPeer();
    service = await runService(pipelinesService, { peers: execution.peers, clock: { now: () => now } });
  });
  afterAll(() => service.close());
  beforeEach(() => {
    now += 60_000 - 1;
    execution.missing = [];
    execution.isAway = false;
    execution.asked = 0;
  });

  const read = async (path: string, as?: TestCaller) => {
    const answer = await service.call(path, { as });
    return { status: answer.status, body: await answer.json() };
  };
  const configure = (body: unknown, pipeline = 'germline-small') =>
    service.call(`/pipelines/${pipeline}/configurations`, { json: body });

  it('lists both pipelines with their parameters and outputs, but without their programs', async () => {
    const { body } = await read('/pipelines');
    expect(body.items.map((item: { pipeline_id: string }) => item.pipeline_id)).toEqual([
      'fastq-preprocess',
      'germline-small',
    ]);
    expect(body.next_cursor).toBeNull();
    expect(body.items[1]).toMatchObject({ engine: 'cwl', runnable: true, missing: [], version: '1.0.0' });
    expect(body.items[1].outputs[0]).toEqual({ name: '{sample_id}.bam', description: expect.any(String) });
    expect(body.items[1]).not.toHaveProperty('cwl');
  });

  it('pages through the catalogue by its cursor', async () => {
    const first = (await read('/pipelines?limit=1')).body;
    const second = (await read(`/pipelines?limit=1&cursor=${first.next_cursor}`)).body;
    expect([first.items[0].pipeline_id, second.items[0].pipeline_id]).toEqual(['fastq-preprocess', 'germline-small']);
    expect(second.next_cursor).toBeNull();
  });

  it.each(['limit=0', 'limit=101', 'limit=ten', 'cursor=%00', 'cursor=!!', 'limit=1&limit=2', 'page=2'])(
    'refuses the query %s',
    async (query) => {
      expect(await read(`/pipelines?${query}`)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    },
  );

  it('names the tools that are missing where jobs run', async () => {
    execution.missing = ['bwa', 'multiqc'];
    const { body } = await read('/pipelines');
    expect(body.items[0]).toMatchObject({ runnable: true, missing: [] });
    expect(body.items[1]).toMatchObject({
      runnable: false,
      missing: [
        { tool: 'bwa', reason: 'Not found on PATH.' },
        { tool: 'multiqc', reason: 'Not found on PATH.' },
      ],
    });
  });

  it('calls nothing runnable while the execution service is away', async () => {
    execution.isAway = true;
    const { body } = await read('/pipelines/fastq-preprocess');
    expect(body).toMatchObject({ runnable: false, missing: [{ tool: 'execution' }] });
  });

  it('asks for the capabilities once in five seconds', async () => {
    await read('/pipelines');
    await read('/pipelines');
    expect(execution.asked).toBe(1);
    now += 5_000;
    await read('/pipelines');
    expect(execution.asked).toBe(2);
  });

  it('stores a configuration with every default filled in', async () => {
    const answer = await configure({ name: 'Haploid', parameters: { ploidy: 1 }, description: 'for viruses' });
    expect(answer.status).toBe(201);
    const created = await answer.json();
    expect(created).toMatchObject({
      pipeline_id: 'germline-small',
      pipeline_version: '1.0.0',
      name: 'Haploid',
      description: 'for viruses',
      owner: 'usr_test',
      parameters: { ploidy: 1, min_variant_quality: 20, threads: 2 },
    });
    expect((await read(`/configurations/${created.configuration_id}`)).body).toEqual(created);
  });

  it.each([
    [{ ploidy: 3 }, '/ploidy'],
    [{ ploidy: '1' }, '/ploidy'],
    [{ threads: 1.5 }, '/threads'],
    [{ max_depth: 1e9 }, '/max_depth'],
    [{ 'a/b~c': 1 }, '/a~1b~0c'],
  ])('refuses the parameters %j and points at the place', async (parameters, pointer) => {
    const answer = await configure({ name: 'bad', parameters });
    expect(answer.status).toBe(422);
    const problem = await answer.json();
    expect([problem.code, problem.errors[0].pointer]).toEqual(['parameters_invalid', pointer]);
  });

  it.each([
    [{ parameters: {} }, '/name'],
    [{ name: 'a\nb', parameters: {} }, '/name'],
    [{ name: 'x'.repeat(129), parameters: {} }, '/name'],
    [{ name: 'x', parameters: [] }, '/parameters'],
    [{ name: 'x', parameters: {}, owner: 'usr_other' }, ''],
  ])('refuses the configuration %j', async (body, pointer) => {
    const answer = await configure(body);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] });
  });

  it('is not fooled by a property called __proto__', async () => {
    const answer = await service.call('/pipelines/germline-small/configurations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"x","parameters":{"__proto__":{"ploidy":1}}}',
    });
    expect([201, 422]).toContain(answer.status);
    expect(({} as { ploidy?: number }).ploidy).toBeUndefined();
  });

  it('pages through the configurations of one pipeline only, in the order of creation', async () => {
    for (const name of ['one', 'two', 'three']) await configure({ name, parameters: {} }, 'fastq-preprocess');
    const names: string[] = [];
    let cursor: string | null = '';
    do {
      const { body } = await read(
        `/pipelines/fastq-preprocess/configurations?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      names.push(...body.items.map((item: { name: string }) => item.name));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(names).toEqual(['one', 'two', 'three']);
  });

  it.each([
    ['/pipelines/nothing', 'pipeline_not_found'],
    ['/pipelines/constructor/configurations', 'pipeline_not_found'],
    ['/configurations/cfg_unknown', 'configuration_not_found'],
    ['/configurations/..%2F..%2Fetc', 'configuration_not_found'],
  ])('answers 404 at %s', async (path, code) => {
    expect(await read(path)).toMatchObject({ status: 404, body: { code } });
  });

  it('gives peers the definition, and nobody else', async () => {
    expect((await read('/pipelines/germline-small/definition')).status).toBe(403);
    const { body } = await read('/pipelines/germline-small/definition', AS_PEER);
    expect(body.cwl).toContain('cwlVersion: v1.2');
    expect(body.required_tools).toEqual(TOOLS);
  });

  it('completes and checks parameters for peers', async () => {
    const path = '/pipelines/fastq-preprocess/parameters';
    const answer = await service.call(path, { as: AS_PEER, json: { parameters: { min_length: 50 } } });
    expect(await answer.json()).toEqual({ parameters: { min_length: 50, quality_cutoff: 20, max_n_bases: 5 } });
    const refused = await service.call(path, { as: AS_PEER, json: { parameters: { adapter_1: 'AC-GT' } } });
    expect(refused.status).toBe(422);
    expect((await service.call(path, { json: { parameters: {} } })).status).toBe(403);
  });
});
