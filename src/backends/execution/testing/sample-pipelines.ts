import type { PipelineDefinition } from '../jobs/job.types.js';

/** A workflow of one tool that writes who it is, starts a child of its own, and lasts `seconds`. */
export const sleeper = (seconds: number): PipelineDefinition => ({
  pipeline_id: 'sleeper',
  version: '1.0.0',
  engine: 'cwl',
  inputs: [{ name: 'reads_1', required: true, file_types: ['fastq'] }],
  outputs: [{ name: '{sample_id}.txt', media_type: 'text/plain', description: '' }],
  steps: [{ name: 'nap', weight: 1 }],
  required_tools: ['cwltool', 'bash'],
  cwl: `cwlVersion: v1.2
$graph:
- id: main
  class: Workflow
  inputs: {sample: string, reads_1: File}
  steps:
    nap: {run: "#nap", in: {sample: sample}, out: [text]}
  outputs:
    text: {type: File, outputSource: nap/text}
- id: nap
  class: CommandLineTool
  baseCommand: [bash, -c]
  inputs: {sample: string}
  arguments:
  - |
    sleep ${seconds} &
    echo "napping" >&2
    wait
    echo rested > "$1.txt"
  - nap
  - $(inputs.sample)
  outputs:
    text: {type: File, outputBinding: {glob: $(inputs.sample).txt}}
`,
});
