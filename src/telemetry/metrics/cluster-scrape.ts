import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';

const SCRAPE = 'genoflow:scrape';
const SCRAPED = 'genoflow:scraped';
const TIMEOUT_MS = 5_000;

interface ScrapeMessage {
  readonly type: typeof SCRAPE | typeof SCRAPED;
  readonly id: number;
  /** Absent where the workers could not be asked. */
  readonly text?: string;
}

const isScrapeMessage = (message: unknown, type: ScrapeMessage['type']): message is ScrapeMessage =>
  typeof message === 'object' && message !== null && (message as ScrapeMessage).type === type;

/** In the primary: answers a worker that was scraped with the metrics of all workers together. */
export function answerScrapesOfWorkers(): void {
  const registry = new AggregatorRegistry();
  cluster.on('message', (worker: Worker, message: unknown) => {
    if (!isScrapeMessage(message, SCRAPE)) return;
    const answer = (text?: string): void => {
      if (worker.isConnected()) worker.send({ type: SCRAPED, id: message.id, ...(text === undefined ? {} : { text }) });
    };
    registry.clusterMetrics().then(answer, () => {
      answer();
    });
  });
}

/** In a worker: whichever is scraped speaks for all, because Prometheus cannot choose among processes of one port. */
export class ClusterScrape {
  readonly #waiting = new Map<number, (text: string | undefined) => void>();
  #lastId = 0;

  constructor() {
    // Its construction makes this worker answer when the primary asks for its share.
    new AggregatorRegistry();
    process.on('message', (message) => {
      if (isScrapeMessage(message, SCRAPED)) this.#waiting.get(message.id)?.(message.text);
    });
  }

  /** Rejects when not all workers answered within 5 s. */
  read(): Promise<string> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      const settle = (text: string | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (text === undefined) reject(new Error('The workers did not tell their metrics.'));
        else resolve(text);
      };
      const timer = setTimeout(settle, TIMEOUT_MS, undefined);
      this.#waiting.set(id, settle);
      process.send?.({ type: SCRAPE, id } satisfies ScrapeMessage);
    });
  }
}
