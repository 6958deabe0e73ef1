import { OriginPolicy } from './origin-policy.js';

const policy = new OriginPolicy(['https://lab.example.org', 'http://localhost:3000']);

describe('OriginPolicy', () => {
  it('lets a listed origin read the answer', () => {
    expect(policy.fieldsFor('https://lab.example.org')).toEqual(
      expect.arrayContaining(['access-control-allow-origin', 'https://lab.example.org', 'vary', 'origin']),
    );
  });

  it.each([
    undefined,
    'null',
    'https://lab.example.org.evil.org',
    'https://evil-lab.example.org',
    'http://lab.example.org',
    'https://lab.example.org:8443',
    'https://LAB.example.org',
    'http://localhost:30000',
    'http://localhost',
  ])('tells %s nothing but that answers vary by origin', (origin) => {
    expect(policy.fieldsFor(origin)).toEqual(['vary', 'origin']);
    expect(policy.preflightFieldsFor(origin)).toEqual([]);
  });
});
