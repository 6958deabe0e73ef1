import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Readable } from 'node:stream';

/** Pieces that may be under way to the worker at once: about 256 KiB of a network stream. */
const WINDOW = 4;

/** One input as it is posted to a worker: a path it opens itself, or a port on which it asks for bytes. */
export type WorkerInput = { readonly path: string } | { readonly port: MessagePort };

type Piece = { readonly bytes: Uint8Array } | { readonly ended: true } | { readonly failed: true };

/** Feeds a stream to a worker piece by piece, each only when asked for, and destroys the stream when stopped. */
export class InputFeed {
  readonly port: MessagePort;
  private readonly own: MessagePort;
  private wanted = 0;
  private wake: () => void = () => undefined;
  private stopped = false;

  constructor(private readonly source: Readable) {
    const channel = new MessageChannel();
    this.own = channel.port1;
    this.port = channel.port2;
    this.own.on('message', (count: number) => {
      this.wanted += count;
      this.wake();
    });
  }

  /** Resolves at the end of the stream or once stopped; rejects with the stream's own error. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.source as AsyncIterable<Uint8Array>) {
        while (this.wanted === 0 && !this.stopped) await new Promise<void>((resolve) => (this.wake = resolve));
        if (this.stopped) return;
        this.wanted -= 1;
        // A copy, because a transferred buffer must not be part of a pool.
        const bytes = new Uint8Array(chunk);
        this.own.postMessage({ bytes } satisfies Piece, [bytes.buffer]);
      }
      this.own.postMessage({ ended: true } satisfies Piece);
    } catch (error) {
      if (this.stopped) return;
      this.own.postMessage({ failed: true } satisfies Piece);
      throw error;
    }
  }

  stop(): void {
    this.stopped = true;
    this.wake();
    this.source.destroy();
    this.own.close();
  }
}

/** The worker's end of a feed. */
export async function* fedBytes(port: MessagePort): AsyncGenerator<Uint8Array> {
  const pieces: Piece[] = [];
  let wake: () => void = () => undefined;
  port.on('message', (piece: Piece) => {
    pieces.push(piece);
    wake();
  });
  port.postMessage(WINDOW);
  try {
    for (;;) {
      const piece = pieces.shift();
      if (piece === undefined) {
        await new Promise<void>((resolve) => (wake = resolve));
      } else if ('bytes' in piece) {
        port.postMessage(1);
        yield piece.bytes;
      } else if ('ended' in piece) {
        return;
      } else {
        throw new Error('the input stream failed');
      }
    }
  } finally {
    port.close();
  }
}
