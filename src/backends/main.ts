import { BackendProcess } from './service/backend-process.js';
import { BACKEND_NAMES, DEFAULT_PORTS, isBackendName } from './service/backend-name.js';
import { watchParent } from './service/parent-watch.js';
import { loadBackendSettings } from './service/settings.js';
import { loadAllDefinitions, loadDefinition } from './service-table.js';

/** A stop that hangs is cut here, so that whoever restarts us does not wait for ever. */
const STOP_DEADLINE_MS = 25_000;
/** With the gateway gone nobody waits for answers any more: children are ended, then this process. */
const ORPHAN_GRACE_MS = 1_000;

async function start(which: string): Promise<BackendProcess> {
  const settings = loadBackendSettings();
  if (isBackendName(which)) return BackendProcess.single(await loadDefinition(which), settings);
  const definitions = await loadAllDefinitions();
  const isChild = process.send !== undefined;
  return BackendProcess.embedded(
    definitions,
    settings,
    (name) => settings.embeddedPorts[name] ?? (isChild ? 0 : DEFAULT_PORTS[name]),
  );
}

function stopOnSignals(running: BackendProcess): void {
  let stopping = false;
  const stop = (graceMs?: number): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    running.stop(graceMs).then(
      () => process.exit(0),
      (error: unknown) => {
        running.log.fault('stop_failed', error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => {
    stop();
  });
  process.on('SIGINT', () => {
    stop();
  });
  if (process.send !== undefined) {
    watchParent(() => {
      stop(ORPHAN_GRACE_MS);
    });
  }
}

const which = process.argv[2] ?? '';
if (which !== 'all' && !isBackendName(which)) {
  console.error(`usage: main.js all | ${BACKEND_NAMES.join(' | ')}`);
  process.exit(2);
}
// A gateway that dies while we still start leaves nobody to stop us later.
if (process.send !== undefined)
  process.once('disconnect', () => setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref());
try {
  const running = await start(which);
  stopOnSignals(running);
  process.on('unhandledRejection', (error) => {
    running.log.fault('unhandled_rejection', error);
    process.exit(1);
  });
  running.log.info('ready', { count: Object.keys(running.urls).length });
  process.send?.({ type: 'ready', urls: running.urls });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
