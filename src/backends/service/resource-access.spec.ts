import type { Identity } from './identity.js';
import { commonProject, maySee, projectFor } from './resource-access.js';

const identity = (roles: string[], projects: string[]): Identity => ({
  kind: 'user',
  userId: 'usr_a',
  username: 'a',
  sessionId: '',
  roles,
  projects,
});
const MINE = { owner: 'usr_a', project: 'p1' };
const THEIRS = { owner: 'usr_b', project: 'p1' };

describe('a resource', () => {
  it.each([
    ['technician', ['*'], true, false],
    ['technician', ['p1'], true, false],
    ['technician', ['p2'], false, false],
    ['analyst', ['*'], true, true],
    ['analyst', ['p2', 'p1'], true, true],
    ['analyst', ['p2'], false, false],
    ['analyst', [], false, false],
    ['service', ['p1'], true, true],
  ])('is seen by %s of %j: own %s, another’s %s', (role, projects, own, others) => {
    const caller = identity([role], projects);
    expect([maySee(caller, MINE), maySee(caller, THEIRS)]).toEqual([own, others]);
  });

  it('of others is shown to the platform, which has no role', () => {
    expect(maySee({ ...identity([], ['*']), kind: 'gateway' }, THEIRS)).toBe(true);
    expect(maySee({ ...identity([], ['*']), kind: 'peer' }, THEIRS)).toBe(true);
  });

  it('of others is hidden from who has no role, and shown to a technician with a further one', () => {
    expect(maySee(identity([], ['*']), THEIRS)).toBe(false);
    expect(maySee(identity(['technician', 'viewer'], ['*']), THEIRS)).toBe(true);
  });
});

describe('the project of something new', () => {
  const code = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it.each([
    [['*'], undefined, 'default'],
    [['*'], 'p9', 'p9'],
    [['p1'], undefined, 'p1'],
    [['p1', 'p2'], 'p2', 'p2'],
    [['p1', 'p2'], undefined, 'project_required'],
    [['p1'], 'p2', 'project_forbidden'],
    [[], undefined, 'project_forbidden'],
  ])('of a caller of %j who asks for %s is %s', (projects, asked, project) => {
    expect(code(() => projectFor(identity(['analyst'], projects), asked))).toBe(project);
  });

  it('is one for all uploads', () => {
    expect(commonProject(['p1', 'p1'])).toBe('p1');
    expect(commonProject([])).toBeUndefined();
    expect(code(() => commonProject(['p1', 'p2']))).toBe('projects_differ');
  });
});
