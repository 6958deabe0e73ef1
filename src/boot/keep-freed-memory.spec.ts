import { keepFreedMemory } from './keep-freed-memory.js';

describe('keepFreedMemory', () => {
  it('frees its block at once', () => {
    const before = process.memoryUsage().arrayBuffers;
    keepFreedMemory();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
