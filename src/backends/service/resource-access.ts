import type { Identity } from './identity.js';
import { BackendProblem } from './problem.js';

/** Stands for every project among those a caller carries. */
export const ALL_PROJECTS = '*';
/** Where something belongs that names no project, made by somebody who carries them all. */
export const DEFAULT_PROJECT = 'default';
/** The form of a project's id. */
export const PROJECT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What decides who may know of an upload, a job, a report or results. */
export interface Resource {
  readonly owner: string;
  readonly project: string;
}

/** True for users who see only what they made themselves: a technician without a further role, and who has none. */
export const seesOwnOnly = ({ kind, roles }: Identity): boolean =>
  kind === 'user' && roles.every((role) => role === 'technician');

const carries = ({ projects }: Identity, project: string): boolean =>
  projects.includes(ALL_PROJECTS) || projects.includes(project);

/** Whether the caller may know that this exists. */
export const maySee = (identity: Identity, { owner, project }: Resource): boolean =>
  carries(identity, project) && (owner === identity.userId || !seesOwnOnly(identity));

/**
 * The project of something new: the one asked for, else the only one the caller carries. Throws 403 `project_forbidden`
 * for a project that is not the caller's, 422 `project_required` where there is more than one to choose from.
 */
export function projectFor(identity: Identity, asked: string | undefined): string {
  if (asked !== undefined) {
    if (!carries(identity, asked)) throw projectForbidden();
    return asked;
  }
  if (identity.projects.includes(ALL_PROJECTS)) return DEFAULT_PROJECT;
  const [only, ...others] = identity.projects;
  if (only === undefined) throw projectForbidden();
  if (others.length > 0) throw new BackendProblem(422, 'project_required', 'Say in which project: project_id.');
  return only;
}

/** The one project that all of these belong to; throws 422 `projects_differ`. */
export function commonProject(projects: readonly string[]): string | undefined {
  const [first, ...others] = new Set(projects);
  if (others.length === 0) return first;
  throw new BackendProblem(422, 'projects_differ', 'The uploads belong to different projects.');
}

const projectForbidden = (): BackendProblem =>
  new BackendProblem(403, 'project_forbidden', 'You do not belong to this project.');
