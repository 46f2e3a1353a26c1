// http-proxy-3 as its manual sets it up, with a keep-alive agent (without one it opens a connection per request).
// usage: node http-proxy-3.js <port> <origin port>
import http from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
const proxy = createProxyServer({
  target: `http://127.0.0.1:${originPort}`,
  agent: new http.Agent({ keepAlive: true }),
});
proxy.on('error', (error, _request, response) => {
  if ('writeHead' in response && !response.headersSent) response.writeHead(502);
  response.end(String(error));
});
const server = http.createServer((request, response) => {
  proxy.web(request, response);
});
server.keepAliveTimeout = 65_000;
server.listen(port, '127.0.0.1');
