import { Body, Controller, Delete, Get, Head, HttpCode, Patch, Post, Req } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Answered } from '../../kernel/exchange.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { inBody, inPath, inQuery } from '../../kernel/resources.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { Idempotent } from '../../traffic/idempotency/idempotent.decorator.js';
import { UploadRequest } from './dto/upload.request.js';
import { UploadResponse } from './dto/upload.response.js';
import { CONTENT_PROBLEMS, TUS_VERSION } from './ingestion.docs.js';
import { IngestionProxyService } from './ingestion-proxy.service.js';

const UPLOAD = inPath('upload', 'upload_id');

@ApiTags('ingestion')
@Controller('api/v1/ingestion/upload')
export class IngestionController {
  constructor(private readonly ingestion: IngestionProxyService) {}

  @Post()
  @RequiresPermission('ingestion:write', {
    body: 'stream-or-json',
    resources: [inBody('upload', 'mate_of'), inQuery('upload', 'mate_of')],
  })
  @Idempotent()
  @ApiOperation({
    summary: 'Upload a file, or open a resumable upload',
    description:
      'Bytes (octet-stream, gzip or multipart) are stored as they come; JSON opens an upload that takes its bytes by tus 1.0.0.',
  })
  @ApiConsumes('application/json', 'application/octet-stream', 'application/gzip')
  @ApiExtraModels(UploadRequest)
  @ApiBody({ schema: { $ref: getSchemaPath(UploadRequest) } })
  @ApiQuery({ name: 'sample_id', required: false, description: 'With bytes: the sample the file belongs to.' })
  @ApiQuery({ name: 'file_name', required: false })
  @ApiQuery({ name: 'mate_of', required: false, description: 'The upload that this file is the second mate of.' })
  @ApiQuery({ name: 'checksum', required: false, description: '`sha256:` and 64 hexadecimal digits.' })
  @ApiQuery({ name: 'file_type', required: false })
  @ApiQuery({ name: 'project_id', required: false, description: 'Default: the only project you belong to.' })
  @ApiCreatedResponse({ type: UploadResponse })
  @ApiBackendProblems(CONTENT_PROBLEMS)
  upload(@Req() request: RouteRequest, @Body() _body: UploadRequest): Promise<Answered> {
    return this.ingestion.upload(request.exchange);
  }

  @Head(':upload_id')
  @RequiresPermission('ingestion:write', { resources: [UPLOAD] })
  @ApiOperation({ summary: 'Ask how much of a resumable upload has arrived' })
  @ApiHeader(TUS_VERSION)
  @ApiOkResponse({ description: 'Upload-Offset and Upload-Length tell.' })
  @ApiBackendProblems({ 404: ['upload_not_found'] })
  offset(@Req() request: RouteRequest<'upload_id'>): Promise<Answered> {
    return this.ingestion.offset(request.exchange, request.params.upload_id);
  }

  @Get(':upload_id')
  @RequiresPermission('ingestion:read', { resources: [UPLOAD] })
  @ApiOperation({ summary: 'Read the state of an upload' })
  @ApiOkResponse({ type: UploadResponse })
  @ApiBackendProblems({ 404: ['upload_not_found'] })
  status(@Req() request: RouteRequest<'upload_id'>): Promise<Answered> {
    return this.ingestion.status(request.exchange, request.params.upload_id);
  }

  @Patch(':upload_id')
  @HttpCode(204)
  @RequiresPermission('ingestion:write', { body: 'stream', resources: [UPLOAD] })
  @ApiOperation({ summary: 'Append bytes to a resumable upload' })
  @ApiHeader(TUS_VERSION)
  @ApiHeader({ name: 'Upload-Offset', required: true, schema: { type: 'integer' } })
  @ApiConsumes('application/offset+octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiNoContentResponse({ description: 'Upload-Offset tells how much has arrived.' })
  @ApiBackendProblems({ ...CONTENT_PROBLEMS, 404: ['upload_not_found'] })
  append(@Req() request: RouteRequest<'upload_id'>): Promise<Answered> {
    return this.ingestion.append(request.exchange, request.params.upload_id);
  }

  @Delete(':upload_id')
  @HttpCode(204)
  @RequiresPermission('ingestion:write', { resources: [UPLOAD] })
  @ApiOperation({ summary: 'Give up a resumable upload that is not complete' })
  @ApiHeader(TUS_VERSION)
  @ApiNoContentResponse({ description: 'It is gone.' })
  @ApiBackendProblems({ 404: ['upload_not_found'] })
  terminate(@Req() request: RouteRequest<'upload_id'>): Promise<Answered> {
    return this.ingestion.terminate(request.exchange, request.params.upload_id);
  }
}
