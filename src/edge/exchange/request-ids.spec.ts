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
  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('stays in the trace of the caller, with a span of its own and the flags of the caller', () => {
    const own = traceparentFrom(given, false);
    expect(own).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(own).not.toContain('b7ad6b7169203331');
  });

  it('begins a trace where there is none that is well-formed, sampled if traces are exported', () => {
    for (const bad of [undefined, 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, given.toUpperCase()]) {
      expect(traceparentFrom(bad, false)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(traceparentFrom(bad, true)).toMatch(/-01$/);
    }
  });

  it('never gives two requests the same context', () => {
    const made = new Set(Array.from({ length: 2_000 }, () => traceparentFrom(undefined, true)));
    expect(made.size).toBe(2_000);
  });
});
