// CPU of minting the identity that backends receive, by what signs it; one is minted per session and 30 s.
// Run after `npm run build`: node bench/identity-mint.bench.mjs
import { generateKeyPairSync } from 'node:crypto';
import { GatewayIdentity } from '../dist/identity/outbound/gateway-identity.js';
import { TokenKeys } from '../dist/identity/tokens/token-keys.js';

const ROUNDS = 9;
const MINTED = 2_000;
const SETTINGS = { jwtSecret: 'a key of access tokens, 32 characters', issuer: 'genoflow', audience: 'genoflow-api' };
const PAIRS = {
  HS256: undefined,
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

const identities = Object.entries(PAIRS).map(([algorithm, pair]) => {
  const keys = new TokenKeys(SETTINGS, pair === undefined ? [] : [{ kid: 'k', algorithm, ...pair }]);
  return { algorithm, identity: new GatewayIdentity(keys, 'a shared secret of 32 characters!', { now: Date.now }) };
});
const costs = new Map(identities.map(({ algorithm }) => [algorithm, { minted: [], again: [] }]));
for (let round = 0; round < ROUNDS; round++) {
  for (const { algorithm, identity } of identities) {
    const callers = Array.from({ length: MINTED }, (_, index) => callerOf(`ses_${round}_${index}`));
    const { minted, again } = costs.get(algorithm);
    minted.push(costOf(callers, identity));
    again.push(costOf(callers, identity));
  }
}
const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)].toFixed(1);
for (const [algorithm, { minted, again }] of costs) {
  console.log(`${algorithm}  minted ${median(minted)} us, known ${median(again)} us CPU`);
}

function callerOf(sessionId) {
  return { userId: 'usr_1', username: 'ada', sessionId, roles: ['analyst'], projects: ['p1', 'p2'] };
}

function costOf(callers, identity) {
  const before = process.cpuUsage();
  for (const caller of callers) identity.fieldsFor(caller);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / callers.length;
}
