import { baseGroups } from '../base-groups.js';
import { moduleReport, type ModuleReport } from '../module-report.js';
import type { TileCounts } from '../tile-counts.js';
import { above, type AssayThresholds } from '../thresholds.js';

/** Rows sent at most: the tiles that deviate most are kept whole. */
const MAX_ROWS = 12_000;

/** Per tile sequence quality, or null where the read names hold no tile. */
export function tileQuality(tiles: TileCounts, limits: AssayThresholds): ModuleReport | null {
  const numbers = tiles.numbers();
  if (numbers.length === 0) return null;
  const groups = baseGroups(tiles.positions);
  const { offset } = tiles.encoding;
  const means = numbers.map((number) => groups.map(({ first, last }) => tiles.mean(number, first, last, offset)));
  groups.forEach((_, group) => {
    const average = means.reduce((sum, row) => sum + (row[group] as number), 0) / numbers.length;
    for (const row of means) row[group] = (row[group] as number) - average;
  });
  const deviations = means.map((row) => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  const observed = Math.max(...deviations);
  const kept = keptTiles(deviations, groups.length);
  const rows = kept.flatMap((tile) =>
    groups.map(({ label }, group) => [numbers[tile] as number, label, means[tile]?.[group] as number]),
  );
  const omitted = (numbers.length - kept.length) * groups.length;
  const finding = { verdict: above(observed, limits.tileDeviation), observed, limit: limits.tileDeviation };
  const table = { columns: ['Tile', 'Base', 'Mean'], rows, ...(omitted > 0 && { omitted_rows: omitted }) };
  return moduleReport('Per tile sequence quality', { ...finding, unit: 'phred, deviation' }, table);
}

function keptTiles(deviations: readonly number[], groups: number): number[] {
  const tiles = deviations.map((_, tile) => tile);
  const room = Math.max(1, Math.floor(MAX_ROWS / groups));
  if (tiles.length <= room) return tiles;
  tiles.sort((a, b) => (deviations[b] as number) - (deviations[a] as number));
  return tiles.slice(0, room).sort((a, b) => a - b);
}
