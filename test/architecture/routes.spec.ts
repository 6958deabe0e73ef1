import { PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { getMetadataStorage } from 'class-validator';
import { PERMISSIONS } from '../../src/kernel/permissions.js';
import { routeDeclarationOf } from '../../src/kernel/route.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

interface Handler {
  readonly name: string;
  readonly method: object;
  readonly parameters: readonly unknown[];
  readonly bodyIndex: number | undefined;
}

const BODY = 3;

let gateway: BootedGateway;
let handlers: Handler[];

beforeAll(async () => {
  gateway = await bootGateway();
  handlers = [...gateway.app.get(ModulesContainer).values()]
    .flatMap((module) => [...module.controllers.values()])
    .flatMap(({ metatype }) => handlersOf(metatype as (new () => object) | null));
});
afterAll(() => gateway.close());

function handlersOf(controller: (new () => object) | null): Handler[] {
  if (controller === null) return [];
  const prototype = controller.prototype as Record<string, object>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor' && Reflect.hasMetadata(PATH_METADATA, prototype[name] ?? {}))
    .map((name) => {
      const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
        string,
        { index: number }
      >;
      const body = Object.entries(args).find(([key]) => key.startsWith(`${BODY}:`));
      return {
        name: `${controller.name}.${name}`,
        method: prototype[name] ?? {},
        parameters: (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as unknown[],
        bodyIndex: body?.[1].index,
      };
    });
}

describe('every route', () => {
  it('is found', () => {
    expect(handlers.length).toBeGreaterThanOrEqual(30);
  });

  it('declares who may call it, and why if anybody may', () => {
    for (const { name, method } of handlers) {
      const declaration = routeDeclarationOf(method);
      expect([name, declaration]).toEqual([name, expect.anything()]);
      if (declaration?.access.kind === 'public') expect(declaration.access.reason.length).toBeGreaterThan(10);
    }
  });

  it('that takes JSON has a class with rules for it: an erased type would switch validation off', () => {
    const withBody = handlers.filter(({ method }) => routeDeclarationOf(method)?.body.includes('json'));
    expect(withBody.length).toBeGreaterThanOrEqual(7);
    for (const { name, parameters, bodyIndex } of withBody) {
      const type = parameters[bodyIndex ?? -1] as (new () => object) | undefined;
      expect([name, typeof type, type === Object]).toEqual([name, 'function', false]);
      const rules = getMetadataStorage().getTargetValidationMetadatas(type as never, '', true, false);
      expect([name, rules.length > 0]).toEqual([name, true]);
    }
  });

  it('that declares no JSON asks for no body', () => {
    const wrong = handlers.filter(
      ({ method, bodyIndex }) => bodyIndex !== undefined && !routeDeclarationOf(method)?.body.includes('json'),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('is covered by a permission that exists, and every permission by a route', () => {
    const used = new Set(
      handlers.flatMap(({ method }) => {
        const access = routeDeclarationOf(method)?.access;
        return access?.kind === 'permission' ? [access.permission] : [];
      }),
    );
    expect([...used].sort()).toEqual([...PERMISSIONS].sort());
  });
});
