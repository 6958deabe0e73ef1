import { ApiProperty } from '@nestjs/swagger';

/** One input file of a pipeline. */
export class PipelineInput {
  @ApiProperty({ example: 'reads_1' })
  name: string;

  @ApiProperty()
  required: boolean;

  @ApiProperty({ type: [String], example: ['fastq'] })
  file_types: string[];

  @ApiProperty()
  description: string;
}

/** One output file of a pipeline. */
export class PipelineOutput {
  @ApiProperty()
  name: string;

  @ApiProperty()
  description: string;
}

/** A tool that is missing for the pipeline to run here. */
export class MissingTool {
  @ApiProperty({ example: 'bwa' })
  tool: string;

  @ApiProperty()
  reason: string;
}

/** A version of a pipeline. */
export class PipelineResponse {
  @ApiProperty({ example: 'germline-small' })
  pipeline_id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ example: '1.0.0' })
  version: string;

  @ApiProperty()
  description: string;

  @ApiProperty({ enum: ['native', 'cwl'] })
  engine: string;

  @ApiProperty({ type: [PipelineInput] })
  inputs: PipelineInput[];

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'JSON Schema 2020-12.' })
  parameters_schema: Record<string, unknown>;

  @ApiProperty({ type: [PipelineOutput] })
  outputs: PipelineOutput[];

  @ApiProperty({ description: 'Whether it can run here and now.' })
  runnable: boolean;

  @ApiProperty({ type: [MissingTool] })
  missing: MissingTool[];
}

/** A page of pipelines. */
export class PipelinePage {
  @ApiProperty({ type: [PipelineResponse] })
  items: PipelineResponse[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}
