import { randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { startOf } from './process-table.js';

/** One life of one execution process, precise enough for another to know whether it has ended. */
export interface InstanceIdentity {
  /** Unique to this life. */
  readonly instance: string;
  /** Host, boot and process namespace; only on the same machine do process numbers mean the same. */
  readonly machine: string;
  readonly pid: number;
  readonly start: string;
}

const orEmpty = (reading: Promise<string>): Promise<string> =>
  reading.then(
    (text) => text.trim(),
    () => '',
  );

export async function machineName(): Promise<string> {
  const boot = await orEmpty(readFile('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = await orEmpty(readlink('/proc/self/ns/pid'));
  return [hostname(), boot, namespace].join('|');
}

export async function ownIdentity(): Promise<InstanceIdentity> {
  return {
    instance: randomUUID(),
    machine: await machineName(),
    pid: process.pid,
    start: (await startOf(process.pid)) ?? '',
  };
}

/** True only when it is certain: the holder ran on this machine and its process is gone or another one's by now. */
export async function hasEnded(holder: InstanceIdentity, own: InstanceIdentity): Promise<boolean> {
  if (holder.machine !== own.machine || holder.start === '' || own.start === '') return false;
  return (await startOf(holder.pid)) !== holder.start;
}
