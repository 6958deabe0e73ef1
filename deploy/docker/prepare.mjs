/**
 * Makes what docker-compose.yml asks for and no repository may hold: `compose.env` with fresh secrets and `users.json`
 * with one administrator, whose password is printed once. Both go into the directory given as first argument (default:
 * beside this file); files that are there already are left alone.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hash } from '@node-rs/argon2';

const directory = resolve(process.argv[2] ?? import.meta.dirname);
const environmentFile = join(directory, 'compose.env');
const usersFile = join(directory, 'users.json');

const present = [environmentFile, usersFile].filter((path) => existsSync(path));
if (present.length > 0) {
  process.stderr.write(`Nothing was made, because there is already ${present.join(' and ')}\n`);
  process.exit(1);
}

// Hexadecimal, because some of them stand in URLs.
const secret = () => randomBytes(32).toString('hex');
const secrets = ['JWT_SECRET', 'IDENTITY_SECRET', 'LINK_SECRET', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD'];
const lines = [...secrets.map((name) => `${name}=${secret()}`), `USERS_FILE=${usersFile}`];
await writeFile(environmentFile, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });

const password = randomBytes(15).toString('base64url');
const administrator = { username: 'admin', display_name: 'Administrator', roles: ['admin'] };
const users = [{ ...administrator, password_hash: await hash(password) }];
// The container's user reads this file and is not the one who made it, so it is not kept from others; it holds no secret
// but a hash that costs an attacker as much as it costs us.
await writeFile(usersFile, `${JSON.stringify(users, undefined, 2)}\n`, { mode: 0o644, flag: 'wx' });

process.stdout.write(`${environmentFile}\n${usersFile}\nThe user is admin, the password ${password}\n`);
