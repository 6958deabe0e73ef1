// A backend that answers at once: /health, the auth service's /login, and any other path with a small JSON body.
import { createServer } from 'node:http';

const body = Buffer.from(
  JSON.stringify({ job_id: 'job_bench', status: 'running', progress: { percent: 42 }, padding: 'x'.repeat(400) }),
);
const user = JSON.stringify({
  user: { id: 'usr_bench', username: 'bench', display_name: 'Bench', roles: ['admin'], disabled: false },
});

const server = createServer((request, response) => {
  const answer = request.url === '/login' ? user : body;
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
  response.end(answer);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
