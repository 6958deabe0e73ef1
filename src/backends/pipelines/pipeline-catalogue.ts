import { fastqPreprocess } from './catalogue/fastq-preprocess.pipeline.js';
import { germlineSmall } from './catalogue/germline-small.pipeline.js';
import { pipelineNotFound } from './pipelines.problems.js';
import type { PipelineDefinition } from './pipeline.types.js';

export interface Page<T> {
  readonly items: readonly T[];
  /** Position after which the next page begins; undefined on the last page. */
  readonly next: string | undefined;
}

/** The pipelines that ship, in the order of their ids, so that a page boundary stays where it is. */
export class PipelineCatalogue {
  private readonly definitions: readonly PipelineDefinition[];

  constructor(definitions: readonly PipelineDefinition[] = [fastqPreprocess, germlineSmall]) {
    this.definitions = [...definitions].sort((a, b) => (a.pipeline_id < b.pipeline_id ? -1 : 1));
  }

  /** Throws 404 `pipeline_not_found`. */
  get(pipelineId: string): PipelineDefinition {
    const definition = this.definitions.find((each) => each.pipeline_id === pipelineId);
    if (definition === undefined) throw pipelineNotFound();
    return definition;
  }

  /** At most `limit` pipelines whose id follows `after`. */
  page(limit: number, after: string | undefined): Page<PipelineDefinition> {
    const rest = this.definitions.filter((each) => after === undefined || each.pipeline_id > after);
    const items = rest.slice(0, limit);
    return { items, next: rest.length > limit ? items.at(-1)?.pipeline_id : undefined };
  }
}
