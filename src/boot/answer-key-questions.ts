import type { ChildProcess } from 'node:child_process';
import type { SigningKeysFile } from '../kernel/config/settings.js';
import { readSigningKeys } from '../kernel/config/signing-keys.js';
import { publicJwkOf } from '../identity/tokens/token-keys.js';

/**
 * Tells the embedded backends the public keys of JWT_KEYS_FILE whenever they ask, as the file has them now: whoever signs
 * by a new key, this process or a worker, has read it there. A file that is not valid changes nothing.
 */
export function answerKeyQuestions(child: ChildProcess, file: SigningKeysFile): void {
  let { keys } = file;
  child.on('message', (message: { readonly type?: unknown }) => {
    if (message.type !== 'gateway-keys-wanted') return;
    keys = readSigningKeys(file.path).content ?? keys;
    const jwks = JSON.stringify({ keys: keys.map(publicJwkOf) });
    // A child that has just gone asks again when it is back.
    child.send({ type: 'gateway-keys', jwks }, () => undefined);
  });
}
