const BLOCK_BYTES = 24 * 1_048_576;

/**
 * Keeps the C library from handing freed memory back to the kernel at every turn. V8 frees the chunks of passing bodies
 * some 32 MiB at a time, glibc returns what lies free at the end of its heap from 128 KiB on, and the next chunks page
 * it all in again: a third of a large transfer's CPU time. glibc raises that limit to twice the size of the largest
 * block freed that it had mapped by itself, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD), so one such block is freed
 * here. It is never touched and costs no memory. Other C libraries are not moved by it.
 */
export function keepFreedMemory(): void {
  const block = new ArrayBuffer(BLOCK_BYTES);
  const { port1 } = new MessageChannel();
  port1.close();
  // What is sent to a closed port is gone with the call, without waiting for the garbage collector.
  port1.postMessage(undefined, [block]);
}
