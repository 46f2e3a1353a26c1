import { type Arguments, definePlugin, type Extension, type Plugin } from 'sluice/plugin';
import { Database } from './database.ts';

/** The database of one configuration: words are compiled before it is opened. */
interface Opened {
  database: Database | undefined;
}
const OPENED: Extension<Opened> = { name: 'geoip: database', create: () => ({ database: undefined }) };

/** The keys of the argument, and where the database will be. */
function prepare(args: Arguments): { path: string[]; opened: Opened } {
  const path = args.text(0).split('.');
  if (path.includes('')) args.fail('expects keys with dots between them, such as country.iso_code');
  if (args.scope === undefined) return args.fail('has no place here');
  return { path, opened: args.scope.global.extension(OPENED) };
}

const plugin: Plugin = definePlugin({
  name: 'geoip',
  api: 1,
  options: {
    database: { type: 'path', summary: 'The MaxMind DB file (.mmdb).', required: true },
    refresh: { type: 'time', summary: 'How often it is looked at for a change.', default: 60_000, min: 100 },
  },
  fetches: {
    geoip: {
      usage: 'geoip(<key>[.<key>…])',
      summary: "What the database knows of the client's address.",
      type: 'str',
      from: 'client-l4',
      arguments: [{ type: 'string' }],
      compile(args) {
        const { path, opened } = prepare(args);
        return ({ connection: { source } }) =>
          source.family === 'unix' ? undefined : opened.database?.find(source.address, path);
      },
    },
  },
  converters: {
    'geoip-lookup': {
      usage: 'geoip-lookup(<key>[.<key>…])',
      summary: 'What the database knows of an address.',
      input: 'addr',
      output: 'str',
      arguments: [{ type: 'string' }],
      compile(args) {
        const { path, opened } = prepare(args);
        return (value) =>
          typeof value === 'object' && 'text' in value ? opened.database?.find(value.text, path) : undefined;
      },
    },
  },
  setup({ global, options, log, timer }) {
    const database = new Database(options.database);
    global.extension(OPENED).database = database;
    const next = timer(() => {
      try {
        if (database.refresh()) log.info({ file: options.database }, 'the database was read again');
      } catch (error) {
        log.error({ err: error, file: options.database }, 'the database cannot be read; the old one stays in use');
      }
      next.start(options.refresh);
    });
    return { start: () => next.start(options.refresh), drain: () => next.stop(), stop: () => next.stop() };
  },
});
export default plugin;
