/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = () => number;
type Mutation = (message: string, random: Random) => string;

const pick = <Item>(items: readonly Item[], random: Random): Item => items[Math.floor(random() * items.length)] as Item;
const within = (text: string, random: Random): number => Math.floor(random() * (text.length + 1));

/** Bytes that mean something to some parser. */
const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\t',
  ' ',
  ':',
  ',',
  ';',
  '"',
  '\\',
  '/',
  '?',
  '#',
  '%',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  'a',
];
/** Fields that decide where a message ends, or who is meant. */
const FIELDS = [
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 99999',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length : 5',
  'Content-Length: 0x5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: \tchunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\r\n chunked',
  'Host: evil',
  'Host:',
  'Connection: close',
  'Connection: keep-alive, X-User-Id, Transfer-Encoding, Content-Length',
  'Connection: Upgrade',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'Expect: nonsense',
  'TE: trailers',
  'Trailer: Content-Length',
  'X-User-Id: root',
  'X_User_Id: root',
  'X-Request-Id: ../../x',
  'Content-Encoding: gzip',
  'Authorization: Bearer x',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'PRI', ''];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.9', 'HTTP/11', 'http/1.1', ''];
const TARGETS = [
  '/',
  '*',
  '//x',
  '/..',
  '/%2e%2e/',
  'http://evil/x',
  '/health/live',
  '/api/v1/pipelines',
  '/api/v1/execution/jobs/%00',
];

const onLines =
  (change: (lines: string[], random: Random) => void): Mutation =>
  (message, random) => {
    const end = message.indexOf('\r\n\r\n');
    const lines = message.slice(0, end < 0 ? undefined : end).split('\r\n');
    change(lines, random);
    return lines.join('\r\n') + (end < 0 ? '' : message.slice(end));
  };
const onRequestLine = (place: number, values: readonly string[]): Mutation =>
  onLines((lines, random) => {
    const parts = (lines[0] ?? '').split(' ');
    parts[place] = pick(values, random);
    lines[0] = parts.join(' ');
  });

const MUTATIONS: readonly Mutation[] = [
  (message, random) => {
    const at = within(message, random);
    return message.slice(0, at) + pick(BYTES, random) + message.slice(at);
  },
  (message, random) => {
    const at = within(message, random);
    return message.slice(0, at) + message.slice(at + 1 + Math.floor(random() * 4));
  },
  (message, random) => {
    const at = within(message, random);
    return message.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + message.slice(at + 1);
  },
  (message, random) => {
    const [a, b] = [within(message, random), within(message, random)].sort((one, other) => one - other) as [
      number,
      number,
    ];
    return message.slice(0, b) + message.slice(a, b) + message.slice(b);
  },
  (message, random) => message.slice(0, within(message, random)),
  (message, random) =>
    message.replace(pick(['\r\n', ': ', ' '], random), pick(['\n', '\r', ':', '\t', '  ', ' \r\n'], random)),
  onLines((lines, random) => lines.splice(1 + Math.floor(random() * lines.length), 0, pick(FIELDS, random))),
  onLines((lines, random) => lines.splice(1 + Math.floor(random() * (lines.length - 1)), 1)),
  onLines((lines, random) => lines.splice(1, 0, lines[Math.floor(random() * lines.length)] ?? '')),
  onLines((lines, random) => {
    const at = 1 + Math.floor(random() * (lines.length - 1));
    lines[at] = (lines[at] ?? '').replace(/:.*/s, `: ${pick(BYTES, random).repeat(1 + Math.floor(random() * 300))}`);
  }),
  onRequestLine(0, METHODS),
  onRequestLine(1, TARGETS),
  onRequestLine(2, VERSIONS),
];

/** The message with one to four faults. */
export function mutated(message: string, random: Random): string {
  let result = message;
  for (let left = 1 + Math.floor(random() * 4); left > 0; left -= 1) result = pick(MUTATIONS, random)(result, random);
  return result;
}
