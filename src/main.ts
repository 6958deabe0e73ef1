import 'reflect-metadata';
import cluster from 'node:cluster';
import { announcement } from './boot/announcement.js';
import { keepFreedMemory } from './boot/keep-freed-memory.js';
import { runGateway } from './boot/run-gateway.js';
import { StartError } from './boot/start-error.js';
import { runWorkers } from './boot/workers.js';
import { loadSettings, SettingsError } from './kernel/config/load-settings.js';

const FAILED_START = 1;
const INTERRUPTED = 130;

async function main(): Promise<void> {
  keepFreedMemory();
  const settings = loadSettings(process.env);
  const start = settings.server.workers > 1 && cluster.isPrimary ? runWorkers : runGateway;
  const gateway = await start(settings, process.env);
  if (cluster.isPrimary) console.log(announcement(settings, gateway.url));
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(INTERRUPTED);
    stopping = true;
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(FAILED_START);
      },
    );
  };
  process.on('SIGTERM', stop);
  // Ctrl-C reaches every worker too; they wait for the primary's word.
  process.on('SIGINT', cluster.isPrimary ? stop : () => undefined);
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError || error instanceof StartError ? error.message : error);
  process.exit(FAILED_START);
});
