// The floor: node:http in, undici dispatch out, nothing between. Usage: bare-proxy.mjs http://backend
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(process.argv[2], { connections: 128, pipelining: 1 });

const server = createServer((request, response) => {
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  pool.dispatch(
    {
      path: request.url,
      method: request.method,
      headers: hasBody ? { 'content-type': 'application/octet-stream' } : undefined,
      body: hasBody ? request : null,
      bodyTimeout: 0,
      headersTimeout: 0,
    },
    {
      onRequestStart() {},
      onResponseStart(controller, status, headers) {
        response.writeHead(status, headers);
        response.on('drain', () => controller.resume());
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) controller.pause();
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        response.destroy();
      },
    },
  );
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
