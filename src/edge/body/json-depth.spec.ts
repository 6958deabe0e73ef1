import fc from 'fast-check';
import { isShallowJson, MAX_JSON_DEPTH } from './json-depth.js';

const nested = (levels: number): Buffer => Buffer.from('['.repeat(levels) + ']'.repeat(levels));

describe('isShallowJson', () => {
  it('accepts 32 levels and refuses 33', () => {
    expect(isShallowJson(nested(MAX_JSON_DEPTH))).toBe(true);
    expect(isShallowJson(nested(MAX_JSON_DEPTH + 1))).toBe(false);
  });

  it('does not count brackets inside strings, escaped quotes included', () => {
    expect(isShallowJson(Buffer.from(JSON.stringify({ text: `"${'['.repeat(100)}\\"{{{` })))).toBe(true);
  });

  it('agrees with the depth of any JSON value', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 40 }), (text) => {
        expect(isShallowJson(Buffer.from(text))).toBe(depthOf(JSON.parse(text)) <= MAX_JSON_DEPTH);
      }),
    );
  });
});
