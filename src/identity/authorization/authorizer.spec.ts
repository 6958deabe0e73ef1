import { PERMISSIONS, ROLES, type Permission } from '../../kernel/permissions.js';
import type { Principal } from '../../kernel/principal.js';
import { Authorizer } from './authorizer.js';
import { RBAC_POLICY } from './rbac-policy.js';

const caller = (...roles: string[]): Principal => ({
  userId: 'usr_1',
  username: 'ada',
  sessionId: 'ses_1',
  roles,
  projects: ['*'],
});

/** Role by permission as the platform's document states it: + may, . may not. Written out apart from the table. */
const MATRIX: Record<Permission, string> = {
  //                      admin analyst technician clinician viewer service
  'ingestion:write': '    +     +       +          .         .      .',
  'ingestion:read': '     +     +       +          .         +      .',
  'qc:run': '             +     +       +          .         .      .',
  'qc:read': '            +     +       +          +         +      .',
  'pipelines:read': '     +     +       +          .         +      .',
  'pipelines:configure': '+     +       .          .         .      .',
  'execution:submit': '   +     +       +          .         .      .',
  'execution:read': '     +     +       +          .         +      .',
  'results:read': '       +     +       .          +         +      .',
  'results:download': '   +     +       .          +         .      .',
  'monitoring:read': '    +     +       .          .         +      .',
  'sessions:manage': '    +     .       .          .         .      .',
  'api-keys:manage': '    +     .       .          .         .      .',
};

const CASES = PERMISSIONS.flatMap((permission) =>
  MATRIX[permission]
    .trim()
    .split(/\s+/)
    .map((mark, index) => [ROLES[index] ?? '', permission, mark === '+'] as const),
);

describe('Authorizer', () => {
  const authorizer = new Authorizer(RBAC_POLICY);

  it('is asked about every role and permission', () => {
    expect(CASES).toHaveLength(ROLES.length * PERMISSIONS.length);
  });

  it.each(CASES)('%s, %s: %p', (role, permission, may) => {
    expect(authorizer.permit(caller(role), { kind: 'permission', permission })).toBe(may);
  });

  it('refuses everybody without a right, and who is not there', () => {
    for (const permission of PERMISSIONS) {
      const access = { kind: 'permission', permission } as const;
      expect(authorizer.permit(undefined, access)).toBe(false);
      expect(authorizer.permit(caller(), access)).toBe(false);
      for (const role of ['Admin', 'root', '', 'constructor', '__proto__', 'toString']) {
        expect(authorizer.permit(caller(role), access)).toBe(false);
      }
    }
  });

  it('adds up the roles of one caller', () => {
    const both = caller('clinician', 'technician');
    expect(authorizer.permit(both, { kind: 'permission', permission: 'results:download' })).toBe(true);
    expect(authorizer.permit(both, { kind: 'permission', permission: 'qc:run' })).toBe(true);
    expect(authorizer.permit(both, { kind: 'permission', permission: 'pipelines:configure' })).toBe(false);
    expect(authorizer.permissionsOf({ roles: ['clinician', 'unknown'] })).toEqual([
      'qc:read',
      'results:download',
      'results:read',
    ]);
  });

  it.each([
    [['technician'], ['*'], 'usr_1', true],
    [['technician'], ['*'], 'usr_2', false],
    [['technician', 'viewer'], ['*'], 'usr_2', true],
    [['technician'], ['p1'], 'usr_1', true],
    [['technician'], ['p2'], 'usr_1', false],
    [['analyst'], ['p2', 'p1'], 'usr_2', true],
    [['analyst'], ['p2'], 'usr_1', false],
    [['analyst'], [], 'usr_1', false],
    [['clinician'], ['*'], 'usr_1', false],
  ])('%j of projects %j may read a job of p1 made by %s: %s', (roles, projects, owner, may) => {
    const principal = { ...caller(...roles), projects };
    expect(authorizer.can(principal, 'execution:read', { owner, project: 'p1' })).toBe(may);
  });

  it('needs to ask about nothing only where rights and projects reach everything', () => {
    expect(authorizer.canAll(caller('analyst'), 'execution:read')).toBe(true);
    expect(authorizer.canAll(caller('technician'), 'execution:read')).toBe(false);
    expect(authorizer.canAll({ ...caller('analyst'), projects: ['p1'] }, 'execution:read')).toBe(false);
    expect(authorizer.canAll({ ...caller(), scopes: ['qc:read'] }, 'qc:read')).toBe(true);
    expect(authorizer.canAll({ ...caller('admin'), scopes: ['qc:read'] }, 'qc:run')).toBe(false);
  });

  it('lets signed-in callers and public routes pass as declared', () => {
    expect(authorizer.permit(caller(), { kind: 'signed-in' })).toBe(true);
    expect(authorizer.permit(undefined, { kind: 'signed-in' })).toBe(false);
    expect(authorizer.permit(undefined, { kind: 'public', reason: 'x' })).toBe(true);
  });

  it('refuses a kind of access it does not know', () => {
    expect(authorizer.permit(caller('admin'), { kind: 'whatever' } as never)).toBe(false);
  });
});
