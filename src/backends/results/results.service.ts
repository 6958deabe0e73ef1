import type { BackendDefinition } from '../service/backend-service.js';
import { DownloadLinks } from './download-links.js';
import { FileStore } from './file-store.js';
import { ManifestStore } from './manifest-store.js';
import { ResultsRoutes } from './results.router.js';
import { RESULTS_MIGRATIONS } from './results.tables.js';

/** Keeps the files that jobs produced and hands them out under signed, expiring links. */
export const resultsService: BackendDefinition = {
  name: 'results',
  migrations: RESULTS_MIGRATIONS,
  async create({ dataDir, database, settings, clock }) {
    const files = await FileStore.open(dataDir, settings.uploadMaxBytes, clock);
    const links = new DownloadLinks(settings.linkSecret, clock);
    const routes = new ResultsRoutes(files, new ManifestStore(database, clock), links);
    return { router: routes.router(), stop: () => Promise.resolve() };
  },
};
