import { createSecretKey } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Principal } from '../../kernel/principal.js';
import { GatewayIdentity } from './gateway-identity.js';

const SECRET = 'an identity key for tests, 32 characters';
const ADA: Principal = {
  userId: 'usr_1',
  username: 'ada',
  sessionId: 'ses_1',
  roles: ['analyst', 'clinician'],
  projects: ['*'],
};

describe('GatewayIdentity', () => {
  let clock: ManualClock;
  let identity: GatewayIdentity;

  beforeEach(() => {
    clock = new ManualClock();
    identity = new GatewayIdentity(SECRET, clock);
  });

  function read(fields: readonly string[]): { fields: Record<string, string>; claims: Record<string, unknown> } {
    const byName: Record<string, string> = {};
    for (let index = 0; index < fields.length; index += 2) byName[fields[index] ?? ''] = fields[index + 1] ?? '';
    const { 'x-genoflow-identity': token = '', ...rest } = byName;
    const claims = new JwtService({ publicKey: createSecretKey(Buffer.from(SECRET)) }).verify<Record<string, unknown>>(
      token,
      {
        algorithms: ['HS256'],
        issuer: 'genoflow-gateway',
        audience: 'genoflow-backends',
        clockTimestamp: Math.floor(clock.now() / 1000),
      },
    );
    return { fields: rest, claims };
  }

  it('states the caller in fields and in a signed token of 60 s', () => {
    const { fields, claims } = read(identity.fieldsFor(ADA));
    const iat = Math.floor(clock.now() / 1000);
    expect(fields).toEqual({ 'x-user-id': 'usr_1', 'x-user-roles': 'analyst,clinician', 'x-session-id': 'ses_1' });
    expect(claims).toEqual({
      sub: 'usr_1',
      name: 'ada',
      sid: 'ses_1',
      roles: ['analyst', 'clinician'],
      projects: ['*'],
      iat,
      exp: iat + 60,
      iss: 'genoflow-gateway',
      aud: 'genoflow-backends',
    });
  });

  it('says so when nobody is signed in, and when the gateway calls for itself', () => {
    expect(read(identity.fieldsFor(undefined)).claims).toMatchObject({ sub: 'anonymous', roles: [] });
    expect(read(identity.fieldsForGateway()).claims).toMatchObject({ sub: 'gateway', roles: ['service'] });
  });

  it('mints once in 30 s per session', () => {
    const first = identity.fieldsFor(ADA);
    clock.advance(29_999);
    expect(identity.fieldsFor({ ...ADA, roles: [...ADA.roles] })).toBe(first);
    clock.advance(1);
    const second = identity.fieldsFor(ADA);
    expect(second).not.toBe(first);
    expect(read(second).claims['exp']).toBe(Math.floor(clock.now() / 1000) + 60);
  });

  it('mints anew when the session has other roles', () => {
    identity.fieldsFor(ADA);
    expect(read(identity.fieldsFor({ ...ADA, roles: ['viewer'] })).claims['roles']).toEqual(['viewer']);
    expect(read(identity.fieldsFor({ ...ADA, roles: [] })).fields['x-user-roles']).toBe('');
  });
});
