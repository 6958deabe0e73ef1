import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExternalIssuers } from './external-issuers.js';

const folder = mkdtempSync(join(tmpdir(), 'external-issuers-'));
const file = join(folder, 'issuers.json');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const read = (content: unknown): ReturnType<typeof readExternalIssuers> => {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readExternalIssuers(file, 'genoflow');
};
const ISSUER = {
  issuer: 'https://id.lab.example/realms/genomics',
  audience: 'genoflow-api',
  roles_claim: 'realm_access.roles',
  roles: { bioinformatician: 'analyst' },
};

describe('readExternalIssuers', () => {
  it('fills in what may be left out', () => {
    expect(read([ISSUER]).content).toEqual([
      {
        issuer: ISSUER.issuer,
        audience: 'genoflow-api',
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        rolesClaim: 'realm_access.roles',
        roles: new Map([['bioinformatician', 'analyst']]),
        userIdClaim: 'sub',
        usernameClaim: undefined,
      },
    ]);
  });

  it.each(['http://127.0.0.1:8080/realms/x', 'http://localhost:1', 'http://[::1]:9'])(
    'takes %s of this machine',
    (issuer) => {
      expect(read([{ ...ISSUER, issuer }]).faults).toBeUndefined();
    },
  );

  it.each([
    ['no JSON', '[', 'cannot be read'],
    ['an object', ISSUER, 'cannot be read'],
    ['plain http', [{ ...ISSUER, issuer: 'http://id.lab.example' }], '/0/issuer'],
    ['an address that only looks like this machine', [{ ...ISSUER, issuer: 'http://127.evil.example' }], '/0/issuer'],
    ['a query', [{ ...ISSUER, issuer: 'https://id.lab.example?x=1' }], '/0/issuer'],
    ['a password', [{ ...ISSUER, issuer: 'https://u:s3cr3t@id.lab.example' }], '/0/issuer'],
    ['no URL', [{ ...ISSUER, issuer: 's3cr3t' }], '/0/issuer'],
    ['an HMAC', [{ ...ISSUER, algorithms: ['RS256', 'HS256'] }], '/0/algorithms/1'],
    ['no algorithm', [{ ...ISSUER, algorithms: ['none'] }], '/0/algorithms/0'],
    ['an empty list of algorithms', [{ ...ISSUER, algorithms: [] }], '/0/algorithms'],
    ['no audience', [{ ...ISSUER, audience: undefined }], '/0/audience'],
    ['a role that is no role', [{ ...ISSUER, roles: { x: 'Admin Role' } }], '/0/roles/x'],
    ['no path of roles', [{ ...ISSUER, roles_claim: '' }], '/0/roles_claim'],
    ['an unknown member', [{ ...ISSUER, jwks_uri: 'https://x.example' }], 'jwks_uri'],
    ['one issuer twice', [ISSUER, ISSUER], 'every issuer must be another'],
  ])('refuses %s, says where and prints no value', (_, content, what) => {
    const { faults } = read(content);
    expect(faults?.join('\n')).toContain(what);
    expect(faults?.every((fault) => fault.startsWith('OIDC_ISSUERS_FILE: '))).toBe(true);
    expect(faults?.join()).not.toMatch(/s3cr3t|evil|Admin Role/);
  });

  it('refuses an issuer that calls itself what the gateway does', () => {
    const [one] = [{ ...ISSUER, issuer: 'https://gateway.example' }];
    writeFileSync(file, JSON.stringify([one]));
    expect(readExternalIssuers(file, 'https://gateway.example').faults?.join()).toContain('JWT_ISSUER');
  });
});
