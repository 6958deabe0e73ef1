import { TileCounts } from './tile-counts.js';

function counted(headers: readonly string[], quality = 'I'): TileCounts {
  const tiles = new TileCounts();
  for (const header of headers) {
    const data = Buffer.from(header + quality);
    if (tiles.takesNext()) tiles.add(data, 0, header.length, header.length, quality.length);
  }
  return tiles;
}

const ten = (header: string): string[] => Array.from({ length: 10 }, () => header);

describe('TileCounts', () => {
  it.each([
    ['@A:1:FLOW:2:1101:5:6 1:N:0:ACGT', [1101]],
    ['@A_1:2:7:1000:16900#0/1', [7]],
    ['@A:1:FLOW:2:11x1:5:6', []],
    ['@A:1:FLOW:2::5:6', []],
    ['@A:1:FLOW:2:99999999999:5:6', []],
    ['@chr22.bin8:166:7889', []],
    // A colon at the end adds no field.
    ['@a:b:c:d::', []],
  ])('reads the tile of %s', (header, tiles) => {
    expect(counted(ten(header)).numbers()).toEqual(tiles);
  });

  it('looks at every tenth read only', () => {
    const headers = Array.from({ length: 30 }, (_, i) => `@A:1:F:2:${i + 1}:5:6`);
    expect(counted(headers).numbers()).toEqual([10, 20, 30]);
  });

  it('gives up for good at the first name without a tile', () => {
    expect(counted([...ten('@A:1:F:2:1101:5:6'), ...ten('@b'), ...ten('@A:1:F:2:1101:5:6')]).numbers()).toEqual([]);
  });

  it('gives up beyond 1,001 tiles, and where long reads would need too many counters', () => {
    const tiles = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => ten(`@A:1:F:2:${i + 1}:5:6`)).flat();
    expect(counted(tiles(1001)).numbers()).toHaveLength(1001);
    expect(counted(tiles(1002)).numbers()).toEqual([]);
    expect(counted(tiles(200), 'I'.repeat(30_000)).numbers()).toEqual([]);
  });

  it('averages the mean scores of the positions that were reached', () => {
    const tiles = new TileCounts();
    const add = (quality: string): void => {
      const header = '@A:1:F:2:3:5:6';
      const data = Buffer.from(header + quality);
      while (!tiles.takesNext());
      tiles.add(data, 0, header.length, header.length, quality.length);
    };
    add('II');
    add('!+5');
    // Position 1: (40 + 0) / 2, position 2: (40 + 10) / 2, position 3: 20.
    expect([tiles.mean(3, 1, 1, 33), tiles.mean(3, 1, 2, 33), tiles.mean(3, 3, 3, 33)]).toEqual([20, 22.5, 20]);
    expect([tiles.mean(3, 4, 5, 33), tiles.mean(4, 1, 1, 33)]).toEqual([0, 0]);
  });
});
