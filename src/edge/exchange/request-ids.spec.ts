import { requestIdFrom, traceparentFrom } from './request-ids.js';

describe('requestIdFrom', () => {
  it('keeps a well-formed id and replaces any other', () => {
    expect(requestIdFrom('client-id-0001')).toBe('client-id-0001');
    for (const bad of [
      undefined,
      'short',
      'with space in it',
      'x'.repeat(129),
      'line\nbreak-here',
      ['aaaaaaaa', 'b'],
    ]) {
      expect(requestIdFrom(bad)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('traceparentFrom', () => {
  it('keeps a well-formed trace context and makes a new one for any other', () => {
    const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(traceparentFrom(given)).toBe(given);
    for (const bad of [undefined, 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, given.toUpperCase()]) {
      expect(traceparentFrom(bad)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    }
  });

  it('never gives two requests the same context', () => {
    const made = new Set(Array.from({ length: 2_000 }, () => traceparentFrom(undefined)));
    expect(made.size).toBe(2_000);
  });
});
