import { parentPort } from 'node:worker_threads';
import { Growth } from './content/growth.js';
import { runInspection } from './local-inspector.js';
import type { InspectorReply, InspectorRequest } from './thread-inspector.js';

/** A message per piece would cost more than the piece. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

const growths = new Map<number, Growth>();

const reply = (message: InspectorReply): void => parentPort?.postMessage(message);

function begin(id: number, path: string): void {
  const growth = new Growth();
  growths.set(id, growth);
  let told = 0;
  void runInspection(path, growth, (position) => {
    if (position - told < PROGRESS_BYTES) return;
    told = position;
    reply({ id, position });
  }).then((outcome) => {
    growths.delete(id);
    reply({ id, outcome });
  });
}

parentPort?.on('message', (request: InspectorRequest) => {
  const growth = growths.get(request.id);
  switch (request.kind) {
    case 'start':
      begin(request.id, request.path);
      break;
    case 'advance':
      growth?.advance(request.size);
      break;
    case 'end':
      growth?.end();
      break;
    case 'cancel':
      growth?.cancel();
      break;
  }
});
