// @fastify/http-proxy with its defaults (undici, 128 connections), no logger.
// usage: node fastify-http-proxy.js <port> <origin port>
import fastify from 'fastify';
import httpProxy from '@fastify/http-proxy';

const [port, originPort] = process.argv.slice(2).map(Number);
const app = fastify({ keepAliveTimeout: 65_000 });
app.register(httpProxy, { upstream: `http://127.0.0.1:${originPort}` });
await app.listen({ port, host: '127.0.0.1' });
