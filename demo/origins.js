// A plugin of one idea: small HTTP servers that live and die with the proxy, so that the demonstration needs nothing else.
// demo/haproxy.cfg loads it; the types of `sluice/plugin` say what else a plugin may do.
import { createServer } from 'node:http';

/** @type {import('sluice/plugin').Plugin} */
export default {
  name: 'demo-origins',
  api: 1,
  // Called once for each configuration that is read. `args` are the words after the plugin's name on its plugin-load line.
  setup(context) {
    const { args } = context;
    // What is kept outlives a reload (kill -USR2): the next configuration finds the origins running and takes them over.
    const origins = args.map((word) => context.keep(word, () => new Origin(...word.split('='))));
    return {
      // The proxy's own listeners are bound. What throws here, or in setup, refuses the configuration.
      async start() {
        for (const origin of origins) await origin.open();
        console.log('Sluice is running. Open http://127.0.0.1:8080/ a few times; each request is logged here.');
        console.log(`Behind it: ${origins.join(', ')}. Ctrl-C ends it.`);
      },
      // This configuration's last connection is over. Nothing of it may stay behind.
      async stop() {
        for (const origin of origins) await origin.close();
      },
    };
  },
};

class Origin {
  #name;
  #port;
  #server;
  /** The configurations that use it: two during a reload. */
  #users = 0;

  constructor(name, port) {
    this.#name = name;
    this.#port = Number(port);
  }

  toString() {
    return `${this.#name} on 127.0.0.1:${this.#port}`;
  }

  async open() {
    this.#users++;
    if (this.#server) return;
    this.#server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(`Hello from ${this.#name}.\nYou asked for ${request.url} and came through Sluice.\n`);
    });
    await new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
  }

  async close() {
    // A configuration that was only checked, or refused, never opened it.
    if (this.#users === 0 || --this.#users > 0) return;
    const server = this.#server;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
