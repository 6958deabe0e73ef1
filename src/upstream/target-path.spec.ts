import fc from 'fast-check';
import { targetPath } from './target-path.js';

describe('targetPath', () => {
  it.each([
    ['/results/qc_1', '', '/results/qc_1'],
    ['/jobs', 'status=running&limit=5', '/jobs?status=running&limit=5'],
    ['/download/a%20b', 'x=%2F..%2F', '/download/a%20b?x=%2F..%2F'],
  ])('joins %p and %p', (path, query, expected) => {
    expect(targetPath(path, query)).toBe(expected);
  });

  it.each([
    ['//evil.example/x', ''],
    ['http://evil.example/', ''],
    ['evil', ''],
    ['', ''],
    ['/a/../b', ''],
    ['/a/%2e%2E/b', ''],
    ['/a/.%2e', ''],
    ['/.', ''],
    ['/a%2fb', ''],
    ['/a%5cb', ''],
    ['/a\\b', ''],
    ['/a%zz', ''],
    ['/a b', ''],
    ['/a?x=1', ''],
    ['/a#f', ''],
    ['/a\r\nx: y', ''],
    ['/a', 'x y'],
    ['/a', 'x#y'],
    ['/a', 'x\r\ny'],
    ['/ä', ''],
  ])('refuses %p with query %p', (path, query) => {
    expect(() => targetPath(path, query)).toThrow('malformed_request');
  });

  it('never yields a target that resolves outside the base', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', '.', '%2e', '%2f', '\\', 'a', '@', ':', '?', '%') }),
        (tail) => {
          let target: string;
          try {
            target = targetPath(`/${tail}`, '');
          } catch {
            return;
          }
          const resolved = new URL(`http://host.example/base${target}`);
          expect(resolved.origin).toBe('http://host.example');
          expect(resolved.pathname.startsWith('/base/')).toBe(true);
          expect(resolved.pathname).toBe(`/base${target}`);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
