import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { verify } from '@node-rs/argon2';
import { BACKEND_NAMES, isBackendName } from '../../src/backends/service/backend-name.js';
import { BACKEND_VARIABLES, loadBackendSettings } from '../../src/backends/service/settings.js';
import { loadSettings } from '../../src/kernel/config/load-settings.js';
import { VARIABLES } from '../../src/kernel/config/variables.js';
import { SERVICE_URL_VARIABLES } from '../../src/kernel/services.js';
import { environmentOf, parseDockerfile } from '../support/dockerfile.js';
import { hasTool, runTool } from '../support/external-tool.js';
import { readYaml } from '../support/yaml-documents.js';

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly read_only?: boolean;
  readonly security_opt?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const OURS = /^genoflow-/;
/** Of src/backends/main.ts. */
const BACKEND_STOP_DEADLINE_SECONDS = 25;

const source = readFileSync('docker-compose.yml', 'utf8');
const compose = readYaml<ComposeFile>('docker-compose.yml');
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => OURS.test(service.image));
const backends = ours.filter(([name]) => name !== 'gateway');
const gateway = compose.services['gateway'] as ComposeService;

let directory: string;
let prepared: NodeJS.Dict<string>;
let printed: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'genoflow-compose-'));
  printed = runTool('node', ['deploy/docker/prepare.mjs', directory]).stdout;
  prepared = parseEnv(readFileSync(join(directory, 'compose.env'), 'utf8'));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** As compose does it: `${NAME:?why}` fails when NAME is missing, `${NAME:-other}` does not. */
const substituted = (value: string): string =>
  value.replace(/\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_whole, name: string, kind?: string, other = '') => {
    const found = prepared[name];
    if (found !== undefined) return found;
    if (kind === '-') return other;
    throw new Error(`${name} is missing`);
  });

function environmentIn(name: string): Record<string, string> {
  const service = compose.services[name] as ComposeService;
  const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8'));
  const target = service.image === 'genoflow-execution' ? 'execution' : 'gateway';
  const stage = stages.find((candidate) => candidate.name === target);
  const inherited = stage === undefined ? {} : environmentOf(stages, stage);
  const own = Object.entries(service.environment ?? {}).map(([key, value]) => [key, substituted(String(value))]);
  return { ...inherited, ...(Object.fromEntries(own) as Record<string, string>) };
}

describe('docker-compose.yml', () => {
  it('runs the gateway and every reference backend, QC twice, by commands that the build makes', () => {
    expect(gateway.command).toEqual(['node', 'dist/main.js']);
    expect(existsSync('src/main.ts')).toBe(true);
    const started = backends.map(([, service]) => {
      const [program, script = '', name = ''] = service.command ?? [];
      expect([program, script]).toEqual(['node', 'dist/backends/main.js']);
      expect(isBackendName(name)).toBe(true);
      return name;
    });
    expect(started.sort()).toEqual([...BACKEND_NAMES, 'qc'].sort());
  });

  it('gives the gateway settings that exist and that it starts with in production', () => {
    for (const name of Object.keys(gateway.environment ?? {})) expect(Object.keys(VARIABLES)).toContain(name);
    const settings = loadSettings(environmentIn('gateway'));
    expect(settings.server.production).toBe(true);
    expect(settings.backends.embedded).toBe(false);
    expect(settings.server.host).toBe('0.0.0.0');
    expect(settings.state.redisUrl).toMatch(/^redis:/);
  });

  it.each(backends.map(([name]) => name))('gives %s settings that exist and that it starts with', (name) => {
    const environment = environmentIn(name);
    for (const variable of Object.keys(environment)) expect(Object.keys(BACKEND_VARIABLES)).toContain(variable);
    const settings = loadBackendSettings(environment);
    expect(settings.production).toBe(true);
    expect(settings.databaseUrl).toMatch(/^postgres:/);
  });

  it('tells every container of every other by name, port and a network they share', () => {
    for (const [name, service] of ours) {
      const environment = environmentIn(name);
      for (const variable of Object.values(SERVICE_URL_VARIABLES)) expect(environment).toHaveProperty(variable);
      for (const [host, port] of hostsIn(Object.values(environment))) {
        const target = compose.services[host];
        expect([host, target === undefined]).toEqual([host, false]);
        expect(portsOf(host)).toContain(port);
        expect(service.networks.some((network) => target?.networks.includes(network))).toBe(true);
      }
    }
  });

  it('spreads QC over both instances', () => {
    const listed = hostsIn([String(gateway.environment?.['QC_SERVICE_URL'])]).map(([host]) => host);
    expect(listed).toEqual(['qc-1', 'qc-2']);
  });

  it('waits for services that have a health check', () => {
    for (const [, service] of services) {
      for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[name]?.healthcheck).toBeDefined();
      }
    }
    for (const [name, service] of ours) {
      expect(service.healthcheck?.test.slice(0, 3)).toEqual(['CMD', 'node', 'healthcheck.mjs']);
      expect(service.healthcheck?.test[3]).toBe(name === 'gateway' ? '/health/live' : '/health');
    }
  });

  it('builds stages that the Dockerfile has and gives each image one build', () => {
    const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8')).map((stage) => stage.name);
    const builds = ours.filter(([, service]) => service.build !== undefined);
    for (const [, { build }] of builds) {
      expect(existsSync(join(build?.context ?? '', build?.dockerfile ?? ''))).toBe(true);
      expect(stages).toContain(build?.target);
    }
    expect(builds.map(([, service]) => service.image).sort()).toEqual(['genoflow-execution', 'genoflow-gateway']);
  });

  it('mounts volumes, files and secrets that are there, and gives no two services the same volume', () => {
    const named: string[] = [];
    for (const [, service] of services) {
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':');
        if (from.startsWith('.')) expect(existsSync(from)).toBe(true);
        else named.push(from);
      }
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
    }
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
    expect(compose.services['auth']?.environment?.['AUTH_USERS_FILE']).toBe('/run/secrets/users');
  });

  it('hardens every container and keeps the backends from the outside', () => {
    for (const [name, service] of services) {
      expect([name, service.read_only, service.security_opt, service.cap_drop]).toEqual([
        name,
        true,
        ['no-new-privileges:true'],
        ['ALL'],
      ]);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network);
    }
    expect(compose.networks['internal']?.internal).toBe(true);
    for (const [name] of [...backends, ['redis'], ['postgres']]) {
      expect(compose.services[name]?.networks).toEqual(['internal']);
    }
  });

  it('lets processes stop before it kills them', () => {
    const seconds = (text = ''): number => Number(/^(\d+)s$/.exec(text)?.[1]);
    const shutdownMs = loadSettings(environmentIn('gateway')).server.shutdownTimeoutMs;
    expect(seconds(gateway.stop_grace_period)).toBeGreaterThan(shutdownMs / 1_000);
    for (const [, service] of backends) {
      expect(seconds(service.stop_grace_period)).toBeGreaterThan(BACKEND_STOP_DEADLINE_SECONDS);
    }
  });

  it('holds no secret, and does not start without one', () => {
    for (const name of Object.keys(prepared)) expect(source).toContain(`\${${name}:?`);
    const optional = [...source.matchAll(/\$\{(\w+):-/g)].map((match) => match[1]);
    for (const [, name = ''] of source.matchAll(/\$\{(\w+)/g)) {
      expect([...Object.keys(prepared), ...optional]).toContain(name);
    }
  });
});

describe('prepare.mjs', () => {
  it('makes a user who can log in with the printed password, and long secrets of one owner', async () => {
    const users = JSON.parse(readFileSync(join(directory, 'users.json'), 'utf8')) as Record<string, string>[];
    const password = /password (\S+)/.exec(printed)?.[1] ?? '';
    expect(password.length).toBeGreaterThanOrEqual(20);
    expect(users).toHaveLength(1);
    expect(await verify(users[0]?.['password_hash'] ?? '', password)).toBe(true);
    expect(statSync(join(directory, 'compose.env')).mode & 0o777).toBe(0o600);
    const secrets = Object.entries(prepared).filter(([name]) => name !== 'USERS_FILE');
    expect(new Set(secrets.map(([, value]) => value)).size).toBe(secrets.length);
    for (const [, value] of secrets) expect(value).toMatch(/^[0-9a-f]{64}$/);
  });

  it('replaces nothing', () => {
    const before = readFileSync(join(directory, 'compose.env'), 'utf8');
    const again = runTool('node', ['deploy/docker/prepare.mjs', directory]);
    expect(again.status).toBe(1);
    expect(readFileSync(join(directory, 'compose.env'), 'utf8')).toBe(before);
  });
});

(hasTool('docker-compose') ? it : it.skip)('is read by docker-compose, and not without its secrets', () => {
  const environment = { DOCKER_HOST: 'tcp://127.0.0.1:9' };
  const good = runTool('docker-compose', ['--env-file', join(directory, 'compose.env'), 'config'], environment);
  expect(good.stderr).toBe('');
  expect(good.status).toBe(0);
  const empty = join(directory, 'empty.env');
  writeFileSync(empty, '');
  const bad = runTool('docker-compose', ['--env-file', empty, 'config'], environment);
  expect(bad.status).not.toBe(0);
  expect(bad.stderr).toContain('prepare.mjs');
});

/** Hosts and ports of all URLs in `values`, lists of them included. */
const hostsIn = (values: readonly string[]): [string, string][] =>
  values
    .flatMap((value) => value.split(','))
    .filter((value) => URL.canParse(value) && new URL(value).hostname !== '')
    .map((value) => [new URL(value).hostname, new URL(value).port]);

/** The port a service listens on: our own say it, of the others the image's is known. */
const portsOf = (name: string): string[] =>
  [compose.services[name]?.environment?.['PORT'] ?? { redis: '6379', postgres: '5432', prometheus: '9090' }[name]].map(
    String,
  );
