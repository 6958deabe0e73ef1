import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BACKEND_NAMES } from '../../src/backends/service/backend-name.js';
import { BACKEND_VARIABLES } from '../../src/backends/service/settings.js';
import { VARIABLES } from '../../src/kernel/config/variables.js';
import { TestAuthority } from '../support/certificates.js';
import { environmentOf, inherited, parseDockerfile, type Stage } from '../support/dockerfile.js';
import { TlsBackend } from '../support/tls-backend.js';

const read = (path: string): string => readFileSync(path, 'utf8');
const stages = parseDockerfile(read('Dockerfile'));
const packageJson = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const FINAL = ['gateway', 'execution'];

const stageOf = (name: string): Stage => {
  const stage = stages.find((candidate) => candidate.name === name);
  if (stage === undefined) throw new Error(`there is no stage ${name}`);
  return stage;
};

const textsOf = (stage: Stage, keyword: string): string[] =>
  inherited(stages, stage)
    .filter((instruction) => instruction.keyword === keyword)
    .map((instruction) => instruction.text);

const commandOf = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[];

/** Sources and destination of a COPY, without its flags. */
const copyOf = (text: string): string[] => text.split(/\s+/).filter((word) => !word.startsWith('--'));

const copies = stages.flatMap((stage) => stage.instructions.filter((instruction) => instruction.keyword === 'COPY'));

describe('the Dockerfile', () => {
  it('builds on Node 24 or on its own stages only, and ends with the gateway', () => {
    const names = new Set<string>();
    for (const { name, base } of stages) {
      expect([...names, 'node:24-bookworm-slim']).toContain(base);
      names.add(name);
    }
    expect(stages.at(-1)?.name).toBe('gateway');
  });

  it('copies what is in the repository and not kept back by .dockerignore', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const sources = copies
      .filter(({ text }) => !text.includes('--from='))
      .flatMap(({ text }) => copyOf(text).slice(0, -1));
    expect(sources.length).toBeGreaterThan(4);
    for (const source of sources) {
      expect(existsSync(source)).toBe(true);
      expect(allowed.some((entry) => source === entry || source.startsWith(`${entry}/`))).toBe(true);
    }
  });

  it('lets nothing into the build that it does not copy', () => {
    const [first, ...rest] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const copied = copies.flatMap(({ text }) => copyOf(text).slice(0, -1));
    for (const entry of rest.filter((line) => line.startsWith('!'))) expect(copied).toContain(entry.slice(1));
  });

  it('copies from stages only that are there', () => {
    const names = stages.map((stage) => stage.name);
    for (const { text } of copies) {
      const from = /--from=(\S+)/.exec(text)?.[1];
      if (from !== undefined) expect(names).toContain(from);
    }
  });

  it('runs npm scripts only that package.json has, and installs by the lock file', () => {
    const commands = stages.flatMap((stage) => textsOf(stage, 'RUN')).flatMap((text) => text.split('&&'));
    const npm = commands.map((command) => command.trim()).filter((command) => command.startsWith('npm '));
    for (const command of npm) {
      const script = /^npm run (\S+)/.exec(command)?.[1];
      if (script === undefined) expect(command).toMatch(/^npm (ci( --omit=dev)?|cache clean --force)$/);
      else expect(packageJson.scripts).toHaveProperty(script);
    }
    expect(npm).toEqual(expect.arrayContaining(['npm run build', 'npm ci', 'npm ci --omit=dev']));
  });

  it.each(FINAL)('starts %s without root, from files that the build makes, with settings that exist', (name) => {
    const stage = stageOf(name);
    expect(textsOf(stage, 'USER').at(-1)).toBe('node');
    expect(textsOf(stage, 'VOLUME')).toEqual(['/data']);
    const [program, script = '', service] = commandOf(textsOf(stage, 'CMD').at(-1) ?? '');
    expect(program).toBe('node');
    expect(existsSync(script.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts'))).toBe(true);
    if (service !== undefined) expect(BACKEND_NAMES).toContain(service);
    const environment = environmentOf(stages, stage);
    const known = service === undefined ? VARIABLES : BACKEND_VARIABLES;
    for (const variable of Object.keys(environment)) expect(Object.keys(known)).toContain(variable);
    expect(textsOf(stage, 'EXPOSE')).toEqual([environment['PORT']]);
  });

  it.each(FINAL)('checks the health of %s by a program that is in the image', (name) => {
    const stage = stageOf(name);
    const [program, script = '', path] = commandOf(textsOf(stage, 'HEALTHCHECK').at(-1) ?? '');
    expect(program).toBe('node');
    const destinations = textsOf(stage, 'COPY').map((text) => copyOf(text).at(-1));
    expect(destinations).toContain(`./${script}`);
    expect(path).toBe(name === 'gateway' ? '/health/live' : '/health');
  });

  it('carries the production dependencies only', () => {
    const modules = textsOf(stageOf('gateway'), 'COPY').filter((text) => text.includes('node_modules'));
    expect(modules).toEqual(['--from=production-dependencies /app/node_modules ./node_modules']);
  });

  it('gives the execution service every tool of germline-small, and no second Node', () => {
    const apt = textsOf(stageOf('execution'), 'RUN').find((text) => text.includes('apt-get install')) ?? '';
    const pipeline = read('src/backends/pipelines/catalogue/germline-small.pipeline.ts');
    const tools = JSON.parse(
      (/required_tools: (\[[^\]]*\])/.exec(pipeline)?.[1] ?? '[]').replaceAll("'", '"'),
    ) as string[];
    expect(tools.length).toBeGreaterThan(5);
    for (const tool of tools.filter((name) => !['bash', 'gzip'].includes(name)))
      expect(apt.split(/\s+/)).toContain(tool);
    expect(apt).toContain('--no-install-recommends');
    expect(apt).not.toMatch(/\bnodejs\b/);
  });
});

describe('healthcheck.mjs', () => {
  const exitCodeFor = async (listener: RequestListener, path: string): Promise<number> => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await exitCodeOn(port, path);
    } finally {
      await new Promise((resolve) => server.close(resolve).closeAllConnections());
    }
  };

  const exitCodeOn = (port: number, path: string, settings: NodeJS.ProcessEnv = {}): Promise<number> =>
    new Promise((resolve) => {
      const environment = { ...process.env, PORT: String(port), ...settings };
      const child = spawn(process.execPath, ['deploy/docker/healthcheck.mjs', path], { env: environment });
      child.on('close', (code) => resolve(code ?? -1));
    });

  it.each<[string, number, RequestListener]>([
    ['200', 0, (request, response) => response.writeHead(request.url === '/health' ? 200 : 404).end('{}')],
    ['503', 1, (_request, response) => response.writeHead(503).end('{}')],
    ['a redirection', 1, (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['nothing', 1, () => undefined],
  ])('takes %s as exit code %i', async (_what, expected, listener) => {
    expect(await exitCodeFor(listener, '/health')).toBe(expected);
  });

  it('asks by HTTPS where the gateway has a certificate', async () => {
    const authority = await TestAuthority.create();
    const server = await new TlsBackend(await authority.issue({ names: ['gateway.lab.example'] })).start();
    try {
      expect(await exitCodeOn(server.port, '/health', { TLS_CERT_FILE: '/tls/tls.crt' })).toBe(0);
      expect(await exitCodeOn(server.port, '/health')).toBe(1);
    } finally {
      await server.close();
    }
  });

  it('fails where nobody listens', async () => {
    expect(await exitCodeOn(9, '/health')).toBe(1);
  });
});
