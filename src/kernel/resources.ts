/** What has an owner and a project, and so is not for everybody who may use its route. */
export type ResourceKind = 'upload' | 'qc-job' | 'job' | 'results';

/**
 * Where a request names a resource: an identifier of its path, a member of its JSON body or a parameter of its query.
 * `inputs.*` means every member of the object `inputs`.
 */
export interface ResourceReference {
  readonly kind: ResourceKind;
  readonly in: 'path' | 'body' | 'query';
  readonly name: string;
}

export const inPath = (kind: ResourceKind, name: string): ResourceReference => ({ kind, in: 'path', name });
export const inBody = (kind: ResourceKind, name: string): ResourceReference => ({ kind, in: 'body', name });
export const inQuery = (kind: ResourceKind, name: string): ResourceReference => ({ kind, in: 'query', name });
