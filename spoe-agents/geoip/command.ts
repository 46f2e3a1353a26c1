import { readFile } from 'node:fs/promises';
import { createAgent, type SpopInput } from '../sdk/index.ts';
import { text, texts, UsageError, type AgentCommand } from '../shared/command.ts';
import { optionalPackage } from '../shared/optional-package.ts';
import { WatchedFiles } from '../shared/watched-file.ts';

/** What MaxMind's databases call it; those that no database has are not set. */
const USUAL = [
  'country=country.iso_code',
  'continent=continent.code',
  'city=city.names.en',
  'region=subdivisions.0.iso_code',
  'timezone=location.time_zone',
  'asn=autonomous_system_number',
  'as_org=autonomous_system_organization',
];

/** Looks an address up; null where the database knows nothing. */
type Database = (address: string) => unknown;

/** A variable and the way to its value in what a database says. */
interface Field {
  readonly name: string;
  readonly path: readonly string[];
}

export const command: AgentCommand = {
  summary: 'Says where an address is, from MaxMind databases. Message: geoip, args ip=src.',
  usage: `  --database FILE       a .mmdb file; may be repeated, what the first does not know is taken from the next (needed)
  --set NAME=PATH       a variable and where it is in the database, e.g. city_de=city.names.de; may be repeated.
                        Always: ${USUAL.map((field) => field.split('=')[0]).join(', ')}
  --scope sess|txn      of the variables (sess)
  --message NAME        the name of the spoe-message (geoip)
`,
  options: {
    database: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true },
    scope: { type: 'string' },
    message: { type: 'string' },
  },
  async start(values, base) {
    const files = texts(values, 'database');
    if (files.length === 0) throw new UsageError('--database is needed');
    const scope = text(values, 'scope') ?? 'sess';
    if (scope !== 'sess' && scope !== 'txn') throw new UsageError(`--scope is sess or txn, not '${scope}'`);
    const fields = new Map([...USUAL, ...texts(values, 'set')].map(readField).map((field) => [field.name, field]));
    const databases = await WatchedFiles.open(files, () => Promise.all(files.map(open)), base.logger);
    const agent = createAgent({ ...base, name: 'geoip' });
    agent.on(text(values, 'message') ?? 'geoip', (args, ctx) => {
      const ip = args.ip('ip') ?? args.ip(0);
      const known = ip ? databases.value.map((look) => look(ip.toString())) : [];
      for (const { name, path } of fields.values()) {
        const value = first(known, path);
        // Another address may have come on this connection before.
        if (value === undefined) ctx.unsetVar(scope, name);
        else ctx.setVar(scope, name, value);
      }
    });
    return { agent, reload: () => databases.reload(), close: () => databases.close() };
  },
};

async function open(file: string): Promise<Database> {
  const { Reader } = await optionalPackage('mmdb-lib', 'geoip', () => import('mmdb-lib'));
  const bytes = await readFile(file);
  try {
    const reader = new Reader(bytes);
    return (address) => reader.get(address);
  } catch (error) {
    throw new Error(`${file} is not a MaxMind database: ${(error as Error).message}`, { cause: error });
  }
}

function readField(written: string): Field {
  const [, name, path] = /^([a-zA-Z0-9._]+)=(.+)$/.exec(written) ?? [];
  if (name === undefined || path === undefined)
    throw new UsageError(`--set expects NAME=PATH, as in city_de=city.names.de, not '${written}'`);
  return { name, path: path.split('.') };
}

/** The value at that path in the first of them that has one. Numbers with a fraction and what is no single value are text. */
function first(all: readonly unknown[], path: readonly string[]): SpopInput {
  for (const known of all) {
    let value: unknown = known;
    for (const step of path)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
    return Number.isSafeInteger(value) ? (value as number) : JSON.stringify(value);
  }
  return undefined;
}
