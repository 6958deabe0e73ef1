import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysFile, testKey } from '../../../test/support/token-builders.js';
import { SERVICE_URL_VARIABLES } from '../services.js';
import { loadSettings, SettingsError } from './load-settings.js';

const SECRET = 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ';
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'genoflow-settings-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

const faultsOf = (environment: NodeJS.ProcessEnv): readonly string[] => {
  try {
    loadSettings({ DATA_DIR: dataDir, ...environment });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
};

const production = (overrides: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  NODE_ENV: 'production',
  JWT_SECRET: SECRET,
  EMBEDDED_BACKENDS: 'true',
  ...overrides,
});

describe('loadSettings', () => {
  it('needs nothing on a bare machine: loopback, embedded backends, a kept secret', () => {
    const first = loadSettings({ DATA_DIR: dataDir });
    expect(first.server).toMatchObject({ host: '127.0.0.1', port: 8000, docsEnabled: true, production: false });
    expect(first.backends.embedded).toBe(true);
    expect(loadSettings({ DATA_DIR: dataDir }).identity.jwtSecret).toBe(first.identity.jwtSecret);
    expect(statSync(join(dataDir, 'jwt-secret')).mode & 0o777).toBe(0o600);
  });

  it('reports every fault at once and prints no value', () => {
    const faults = faultsOf({
      PORT: '70000',
      LOG_LEVEL: 'loud',
      QC_SERVICE_URL: 'ftp://s3cr3t',
      DEBUG: 'maybe',
      JWT_ISSUER: 'x'.repeat(300),
    });
    expect(faults).toHaveLength(5);
    expect(faults.join()).not.toMatch(/70000|loud|s3cr3t|maybe|xxx/);
  });

  it('treats an empty variable as unset', () => {
    expect(loadSettings({ DATA_DIR: dataDir, PORT: '', HOST: '' }).server.port).toBe(8000);
  });

  it.each([
    [{ JWT_SECRET: undefined }, 'JWT_SECRET: is required in production'],
    [{ JWT_SECRET: 'short' }, 'JWT_SECRET: must have at least 32 characters'],
    [{ JWT_SECRET: 'change-me-change-me-change-me-change-me' }, 'JWT_SECRET: looks like a placeholder'],
    [{ JWT_SECRET: 'a'.repeat(40) }, 'JWT_SECRET: looks like a placeholder'],
    [{ EMBEDDED_BACKENDS: undefined }, 'AUTH_SERVICE_URL: is required in production'],
  ])('stops a production start on %j', (overrides, fault) => {
    expect(faultsOf(production(overrides)).join('\n')).toContain(fault);
  });

  it('starts in production with a good secret and every service URL', () => {
    const urls = Object.fromEntries(
      Object.values(SERVICE_URL_VARIABLES).map((name) => [name, 'http://svc:8001,http://svc2:8001/base']),
    );
    const settings = loadSettings({ DATA_DIR: dataDir, ...production({ EMBEDDED_BACKENDS: undefined }), ...urls });
    expect(settings.backends.embedded).toBe(false);
    expect(settings.server).toMatchObject({ host: '0.0.0.0', docsEnabled: false });
  });

  it('never gives the backends the token secret', () => {
    const { identity } = loadSettings({ DATA_DIR: dataDir, JWT_SECRET: SECRET });
    expect(identity.identitySecret).not.toContain(SECRET);
    expect(identity.identitySecret.length).toBeGreaterThanOrEqual(43);
  });

  it.each([
    ['["https://a.example", "http://b.example:3000"]', ['https://a.example', 'http://b.example:3000']],
    ['https://a.example, http://b.example:3000', ['https://a.example', 'http://b.example:3000']],
  ])('reads ALLOWED_ORIGINS %s', (text, origins) => {
    expect(loadSettings({ DATA_DIR: dataDir, ALLOWED_ORIGINS: text }).server.allowedOrigins).toEqual(origins);
  });

  it.each(['*', 'https://a.example/', 'https://*.example', 'null', '["https://a.example", 3]', 'a.example'])(
    'refuses ALLOWED_ORIGINS %s',
    (text) => {
      expect(faultsOf({ ALLOWED_ORIGINS: text }).join()).toContain('ALLOWED_ORIGINS');
    },
  );

  it.each([
    'http://a:8002,http://b:8002',
    'https://a/base',
    'dns+http://name:8002',
    'srv+http://_http._tcp.name',
    'http://127.0.0.1:1',
  ])('accepts the service URL %s', (url) => {
    expect(faultsOf({ QC_SERVICE_URL: url })).toEqual([]);
  });

  it.each(['a:8002', 'http://user:pw@a', 'http://a?x=1', 'http://a,ftp://b', 'unix:///x'])(
    'refuses the service URL %s',
    (url) => {
      expect(faultsOf({ QC_SERVICE_URL: url })).toHaveLength(1);
    },
  );

  it.each(['1', 'loopback', '10.0.0.0/8, 192.168.1.1', 'fd00::/8', 'true'])('accepts TRUST_PROXY %s', (value) => {
    expect(faultsOf({ TRUST_PROXY: value })).toEqual([]);
  });

  it.each(['everybody', '10.0.0.0/33', '10.0.0', 'fd00::/129', '-1', '1.2.3.4/8/9'])(
    'refuses TRUST_PROXY %s',
    (value) => {
      expect(faultsOf({ TRUST_PROXY: value }).join()).toContain('TRUST_PROXY');
    },
  );

  it('wants a shared store before it runs several processes', () => {
    expect(faultsOf({ WEB_CONCURRENCY: '2' }).join()).toContain('REDIS_URL');
    expect(faultsOf({ WEB_CONCURRENCY: '2', REDIS_URL: 'redis://localhost' })).toEqual([]);
  });

  describe('with a file of keys', () => {
    const key = testKey('k1', 'ES256');
    let file: string;

    beforeEach(() => {
      file = join(dataDir, 'keys.json');
      writeFileSync(file, keysFile(key));
    });

    it('signs with the keys, and makes no secret that would verify tokens beside them', () => {
      const { identity } = loadSettings({ DATA_DIR: dataDir, JWT_KEYS_FILE: file, IDENTITY_SECRET: SECRET });
      expect(identity.signingKeys).toMatchObject({ path: file, keys: [{ kid: 'k1', algorithm: 'ES256' }] });
      expect(identity.jwtSecret).toBeUndefined();
      expect(existsSync(join(dataDir, 'jwt-secret'))).toBe(false);
    });

    it('keeps JWT_SECRET where it is set too, for the tokens of before', () => {
      expect(loadSettings({ DATA_DIR: dataDir, JWT_KEYS_FILE: file, JWT_SECRET: SECRET }).identity.jwtSecret).toBe(
        SECRET,
      );
    });

    it('keeps the identity that backends know through restarts', () => {
      const start = (): string => loadSettings({ DATA_DIR: dataDir, JWT_KEYS_FILE: file }).identity.identitySecret;
      expect(start()).toBe(start());
    });

    it('needs no JWT_SECRET in production, but then an IDENTITY_SECRET', () => {
      const keys = { JWT_SECRET: undefined, JWT_KEYS_FILE: file };
      expect(faultsOf(production(keys))).toEqual([
        'IDENTITY_SECRET: is required in production where JWT_SECRET is not set',
      ]);
      expect(faultsOf(production({ ...keys, IDENTITY_SECRET: SECRET }))).toEqual([]);
    });

    it('reports faults of files with all the others, and no value', () => {
      const issuers = join(dataDir, 'issuers.json');
      writeFileSync(issuers, '[{"issuer":"http://s3cr3t.example"}]');
      writeFileSync(file, keysFile({ ...key, jwk: { ...key.jwk, kid: 's3cr3t / kid' } }));
      const faults = faultsOf(
        production({
          JWT_KEYS_FILE: file,
          OIDC_ISSUERS_FILE: issuers,
          JWT_SECRET: 'short',
          EMBEDDED_BACKENDS: undefined,
        }),
      ).join('\n');
      for (const named of [
        'JWT_SECRET',
        'JWT_KEYS_FILE: /keys/0/kid',
        'OIDC_ISSUERS_FILE: /0/issuer',
        'AUTH_SERVICE_URL',
      ])
        expect(faults).toContain(named);
      expect(faults).not.toMatch(/s3cr3t|short\b/);
    });
  });
});
