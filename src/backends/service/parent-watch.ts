const INTERVAL_MS = 1_000;

/**
 * Calls `orphaned` once when the process that started this one is gone: its IPC channel closed, or, where the channel's
 * end was missed, the kernel handed this process to another parent.
 */
export function watchParent(orphaned: () => void): () => void {
  const parent = process.ppid;
  const tell = (): void => {
    stop();
    orphaned();
  };
  const timer = setInterval(() => {
    if (process.ppid !== parent || !process.connected) tell();
  }, INTERVAL_MS);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    process.off('disconnect', tell);
  };
  process.once('disconnect', tell);
  return stop;
}
