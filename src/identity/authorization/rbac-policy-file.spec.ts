import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PERMISSIONS } from '../../kernel/permissions.js';
import { readRbacPolicyFile } from './rbac-policy-file.js';

describe('readRbacPolicyFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rbac-policy-'));
  const file = join(folder, 'policy.json');

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const read = (content: unknown): unknown => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return readRbacPolicyFile(file);
  };

  it('reads a table that replaces the built-in one', () => {
    expect(read({ roles: { admin: '*', 'night-shift': ['qc:run:own', 'qc:read'] } })).toEqual({
      admin: PERMISSIONS,
      'night-shift': ['qc:run:own', 'qc:read'],
    });
  });

  it.each([
    ['no JSON', '{', 'cannot be read'],
    ['an unknown permission', { roles: { admin: ['qc:run', 'qc:delete'] } }, '/roles/admin/1'],
    ['a role that is no name', { roles: { 'Night Shift': '*' } }, '/roles/Night Shift'],
    ['an unknown member', { roles: {}, role: {} }, 'role'],
    ['no roles', {}, '/roles'],
    ['a list', [], 'not valid'],
    ['too much', `{"roles":{}}${' '.repeat(70_000)}`, '64 KiB'],
  ])('does not start on %s, and says what is wrong', (_, content, what) => {
    expect(() => read(content)).toThrow(what);
    expect(() => read(content)).toThrow(/^RBAC_POLICY_FILE: /);
  });

  it('does not start without the file', () => {
    expect(() => readRbacPolicyFile(join(folder, 'absent.json'))).toThrow(/^RBAC_POLICY_FILE: /);
  });
});
