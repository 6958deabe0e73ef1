import { fileSummary, type FileSummary } from './file-summary.js';
import type { ModuleReport } from './module-report.js';
import { adapterContent } from './modules/adapter-module.js';
import { basicStatistics, lengthDistribution } from './modules/basic-modules.js';
import { baseContent, nContent } from './modules/content-modules.js';
import { duplicationLevels, duplicationOf, overrepresented } from './modules/duplication-modules.js';
import { readGc } from './modules/gc-module.js';
import { baseQuality, readQuality } from './modules/quality-modules.js';
import { tileQuality } from './modules/tile-module.js';
import type { ReadProfile } from './read-profile.js';
import { worst, type AssayThresholds, type Verdict } from './thresholds.js';

/** What is found out about one file. */
export interface FileReport {
  readonly verdict: Verdict;
  readonly summary: FileSummary;
  /** In FastQC's order; the tile module is missing where read names hold no tile. */
  readonly modules: readonly ModuleReport[];
}

export function fileReport(profile: ReadProfile, limits: AssayThresholds): FileReport {
  const duplication = duplicationOf(profile.sequences);
  const summary = fileSummary(profile, 100 - duplication.remaining);
  const encoding = profile.positions.encoding();
  const tiles = tileQuality(profile.tiles, limits);
  const modules = [
    basicStatistics(summary),
    baseQuality(profile, encoding, limits),
    ...(tiles === null ? [] : [tiles]),
    readQuality(profile, encoding, limits),
    baseContent(profile, limits),
    readGc(profile.gc.counts, limits),
    nContent(profile, limits),
    lengthDistribution(profile.lengths),
    duplicationLevels(duplication, limits),
    overrepresented(profile.sequences, limits),
    adapterContent(profile.adapters, profile.reads, limits),
  ];
  return { verdict: worst(modules.map(({ verdict }) => verdict)), summary, modules };
}
