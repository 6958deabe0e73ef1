import { resolveSrv } from 'node:dns/promises';

const MAX_ENDPOINTS = 16;

/**
 * The base URLs that a configured address stands for now: `http://a:1,http://b:1/base`, `dns+http://name:1` (the
 * resolver spreads the connections) or `srv+http://_service._proto.name` (RFC 2782), asked anew for each call.
 */
export async function endpointsOf(address: string): Promise<string[]> {
  if (address.startsWith('srv+')) {
    const url = new URL(address.slice('srv+'.length));
    const records = await resolveSrv(url.hostname);
    records.sort((a, b) => a.priority - b.priority);
    return records
      .slice(0, MAX_ENDPOINTS)
      .map((record) => `${url.protocol}//${record.name}:${record.port}${baseOf(url)}`);
  }
  const list = address.startsWith('dns+') ? address.slice('dns+'.length) : address;
  return list
    .split(',')
    .slice(0, MAX_ENDPOINTS)
    .map((text) => new URL(text))
    .map((url) => `${url.origin}${baseOf(url)}`);
}

const baseOf = (url: URL): string => url.pathname.replace(/\/+$/, '');
