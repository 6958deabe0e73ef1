import {
  createReadStream,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CHAIN_START, followed, type ChainHead } from './audit-chain.js';

const NAME = /^audit-(\d{8})\.jsonl$/;
/** Longer than any entry: its members are bounded. */
const TAIL_BYTES = 65_536;

export const fileName = (number: number): string => `audit-${String(number).padStart(8, '0')}.jsonl`;

/** The numbers of the record's files, in order. */
export function fileNumbers(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((first, second) => first - second);
}

export interface Recovered {
  /** The file to go on writing. */
  readonly number: number;
  readonly head: ChainHead;
  /** Bytes of a line that a crash had cut short, and that were taken away. */
  readonly tornBytes: number;
}

/** Finds the end of the chain, cutting off a line that a crash left unfinished. Makes the directory where needed. */
export function recover(directory: string): Recovered {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const numbers = fileNumbers(directory);
  let tornBytes = 0;
  for (const number of numbers.reverse()) {
    const path = join(directory, fileName(number));
    tornBytes += cutTornLine(path);
    const line = lastLine(path);
    if (line !== undefined) return { number, head: headAfter(line), tornBytes };
  }
  return { number: numbers.at(0) ?? 1, head: CHAIN_START, tornBytes };
}

/** A last entry that was tampered with is followed all the same; verification names it. */
function headAfter(line: string): ChainHead {
  const head = followed(line, undefined);
  if (!('fault' in head)) return head;
  const [, sequence = '0'] = /^\{"sequence":(\d{1,15}),/.exec(line) ?? [];
  return { sequence: Number(sequence), hash: CHAIN_START.hash };
}

function cutTornLine(path: string): number {
  const tail = readTail(path);
  const torn = tail.length - (tail.lastIndexOf(0x0a) + 1);
  if (torn === 0) return 0;
  const descriptor = openSync(path, 'r+');
  try {
    ftruncateSync(descriptor, statSync(path).size - torn);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return torn;
}

function lastLine(path: string): string | undefined {
  const lines = readTail(path).toString('utf8').trimEnd().split('\n');
  const line = lines.at(-1);
  return line === '' ? undefined : line;
}

function readTail(path: string): Buffer {
  const { size } = statSync(path);
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, tail, 0, tail.length, size - tail.length);
  } finally {
    closeSync(descriptor);
  }
  return tail;
}

/** The lines of one file with their numbers from 1. */
export async function* linesOf(path: string): AsyncGenerator<{ number: number; line: string }> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1;
    yield { number, line };
  }
}
