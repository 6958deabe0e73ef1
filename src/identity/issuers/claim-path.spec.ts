import fc from 'fast-check';
import { claimAt } from './claim-path.js';

const CLAIMS = {
  realm_access: { roles: ['a'] },
  'https://lab.example/roles': ['b'],
  'https://lab.example/app': { roles: ['c'] },
  resource_access: { 'my.client': { roles: ['d'] }, my: { other: 1 } },
  groups: 'e f',
  'a.b': { x: 1 },
  a: { b: { y: 2 } },
};

describe('claimAt', () => {
  it.each([
    ['groups', 'e f'],
    ['realm_access.roles', ['a']],
    ['https://lab.example/roles', ['b']],
    ['https://lab.example/app.roles', ['c']],
    ['resource_access.my.client.roles', ['d']],
    ['a.b.x', 1],
    ['a.b.y', 2],
    ['realm_access', { roles: ['a'] }],
    ['absent', undefined],
    ['realm_access.roles.0.x', undefined],
    ['realm_access..roles', undefined],
    ['__proto__', undefined],
    ['constructor.name', undefined],
    ['groups.length', undefined],
    ['', undefined],
  ])('finds %s', (path, found) => {
    expect(claimAt(CLAIMS, path)).toEqual(found);
  });

  it('finds whatever lies at a path, whichever names hold dots', () => {
    const names = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', ':'), minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(names, (steps) => {
        const claims = steps.reduceRight<unknown>((inner, name) => ({ [name]: inner }), 'found');
        expect(claimAt(claims, steps.join('.'))).toBe('found');
      }),
    );
  });

  it('ends on any claims and path', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ maxLength: 64 }), (claims, path) => {
        claimAt(claims, path);
      }),
    );
  });
});
