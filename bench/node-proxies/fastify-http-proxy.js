// @fastify/http-proxy with its defaults (undici, 128 connections), no logger.
// usage: node fastify-http-proxy.js <port> <origin port>
import fastify from 'fastify';
import httpProxy from '@fastify/http-proxy';

const [port = 0, originPort = 0] = process.argv.slice(2).map(Number);
const app = fastify({ keepAliveTimeout: 65_000 });
app.register(httpProxy, {
  upstream: `http://127.0.0.1:${originPort}`,
  replyOptions: {
    // By default it passes on the origin's `Connection: keep-alive`, even to a client that asked for close and whose
    // connection it then closes; half of the requests of such a client fail.
    rewriteHeaders(headers) {
      const kept = { ...headers };
      delete kept.connection;
      return kept;
    },
  },
});
await app.listen({ port, host: '127.0.0.1' });
