import { Worker } from 'node:worker_threads';
import { Inspection, type InspectionOutcome, type Inspector } from './inspection.js';

export type InspectorRequest =
  | { readonly kind: 'start'; readonly id: number; readonly path: string }
  | { readonly kind: 'advance'; readonly id: number; readonly size: number }
  | { readonly kind: 'end' | 'cancel'; readonly id: number };

export type InspectorReply =
  { readonly id: number; readonly position: number } | { readonly id: number; readonly outcome: InspectionOutcome };

const WORKER_URL = new URL('./inspection.worker.js', import.meta.url);

/**
 * Inspects on threads of its own, so that checking a file leaves the service's event loop to its requests. A thread is
 * started at first use; one that dies fails its inspections and is replaced at the next start.
 */
export class ThreadInspector implements Inspector {
  private readonly threads: (InspectionThread | undefined)[];
  private next = 0;

  constructor(count: number) {
    this.threads = Array.from({ length: count }, () => undefined);
  }

  start(path: string): Inspection {
    const slot = this.next++ % this.threads.length;
    let thread = this.threads[slot];
    if (thread === undefined || thread.isDead) thread = this.threads[slot] = new InspectionThread();
    return thread.start(path);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(async (thread) => thread?.close()));
  }
}

class InspectionThread {
  isDead = false;
  private readonly worker = new Worker(WORKER_URL);
  private readonly inspections = new Map<number, Inspection>();
  private nextId = 1;

  constructor() {
    this.worker.on('message', (reply: InspectorReply) => {
      this.receive(reply);
    });
    this.worker.on('error', (error: Error) => {
      this.die(error);
    });
    this.worker.on('exit', () => {
      this.die(new Error('The inspection thread ended.'));
    });
    // The HTTP server keeps the process alive; an idle thread need not.
    this.worker.unref();
  }

  start(path: string): Inspection {
    const id = this.nextId++;
    const post = (request: InspectorRequest): void => {
      this.worker.postMessage(request);
    };
    const inspection = new Inspection({
      advance: (size) => {
        post({ kind: 'advance', id, size });
      },
      end: () => {
        post({ kind: 'end', id });
      },
      cancel: () => {
        post({ kind: 'cancel', id });
      },
    });
    this.inspections.set(id, inspection);
    post({ kind: 'start', id, path });
    return inspection;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private receive(reply: InspectorReply): void {
    const inspection = this.inspections.get(reply.id);
    if ('position' in reply) {
      inspection?.progress(reply.position);
      return;
    }
    this.inspections.delete(reply.id);
    inspection?.settle(reply.outcome);
  }

  private die(error: Error): void {
    this.isDead = true;
    for (const inspection of this.inspections.values()) inspection.settle({ kind: 'error', error });
    this.inspections.clear();
  }
}
