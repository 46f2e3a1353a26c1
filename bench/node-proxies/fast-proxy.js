// fast-proxy with its undici client, the faster of the two it offers.
// usage: node fast-proxy.js <port> <origin port>
import http from 'node:http';
import fastProxy from 'fast-proxy';

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
const forwarder = fastProxy({ base: `http://127.0.0.1:${originPort}`, undici: {} });
const server = http.createServer((request, response) => forwarder.proxy(request, response, request.url ?? '/', {}));
server.keepAliveTimeout = 65_000;
server.listen(port, '127.0.0.1');
