import { ApiProperty } from '@nestjs/swagger';

/** One output file of a job. */
export class ResultFile {
  @ApiProperty({ example: 'SAMPLE-001.vcf.gz' })
  name: string;

  @ApiProperty({ type: 'integer', format: 'int64', description: 'Bytes.' })
  size: number;

  @ApiProperty()
  sha256: string;

  @ApiProperty()
  media_type: string;

  @ApiProperty()
  description: string;
}

/** The outputs of a completed job. */
export class ResultsResponse {
  @ApiProperty()
  job_id: string;

  @ApiProperty()
  sample_id: string;

  @ApiProperty()
  pipeline_id: string;

  @ApiProperty()
  pipeline_version: string;

  @ApiProperty()
  status: string;

  @ApiProperty()
  owner: string;

  @ApiProperty({ example: 'trio-study' })
  project_id: string;

  @ApiProperty({ format: 'date-time' })
  completed_at: string;

  @ApiProperty({ type: [ResultFile] })
  files: ResultFile[];
}

/** A signed link to one file; whoever holds it may download the file until it expires. */
export class DownloadLink {
  @ApiProperty()
  file: string;

  @ApiProperty({ example: '/api/v1/results/download/eyJqIjoiam9i.c2lnbmF0dXJl' })
  url: string;

  @ApiProperty({ format: 'date-time' })
  expires_at: string;

  @ApiProperty({ type: 'integer', format: 'int64' })
  size: number;

  @ApiProperty()
  sha256: string;
}

/** Signed links, one for each file asked for. */
export class DownloadLinksResponse {
  @ApiProperty({ type: [DownloadLink] })
  links: DownloadLink[];
}
