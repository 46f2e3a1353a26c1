import { type Transaction, type Value, ipAddress } from 'sluice/plugin';
import { ACTION, CodecError, DATA, Ip, SCOPES, type SpopReader } from 'sluice/agent';

/** How many names an agent may make up before they are put together anew each time. */
const MOST_REMEMBERED = 4096;

/** What an agent may do to variables. */
export interface Permissions {
  /** Between the scope and the name. */
  readonly prefix: string;
  /** `scope.prefix.name` of what it may set. */
  readonly known: ReadonlySet<string>;
  /** It may set others, too. */
  readonly all: boolean;
}

/** Reads the actions of an ACK and carries them out. SPOE.txt 3.4. */
export class Actions {
  readonly #permissions: Permissions;
  /** By the number of the scope: the agent's name for a variable, and the whole one. */
  readonly #names: readonly Map<string, string>[] = SCOPES.map(() => new Map<string, string>());

  constructor(permissions: Permissions) {
    this.#permissions = permissions;
  }

  /** What cannot be read ends them, without being an error; what has been read before stays done. */
  run(reader: SpopReader, transaction: Transaction): void {
    try {
      while (reader.more) if (!this.#one(reader, transaction)) return;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }

  #one(reader: SpopReader, transaction: Transaction): boolean {
    const action = reader.uint8();
    const count = reader.uint8();
    if (action === ACTION.SET_VAR ? count !== 3 : action !== ACTION.UNSET_VAR || count !== 2) return false;
    const place = reader.uint8();
    const scope = SCOPES[place];
    if (scope === undefined) return false;
    const name = this.#name(place, reader.name());
    const value = action === ACTION.SET_VAR ? valueOf(reader) : undefined;
    if (name !== undefined) transaction.setVariable(scope, name, value);
    return true;
  }

  /** The name it has in the configuration; undefined if the agent may not set it. */
  #name(place: number, short: string): string | undefined {
    const names = this.#names[place]!;
    const found = names.get(short);
    if (found !== undefined) return found;
    const { prefix, known, all } = this.#permissions;
    const name = `${prefix}.${short}`;
    const allowed = known.has(`${SCOPES[place]}.${name}`) || (all && SCOPES[place] !== 'proc');
    if (!allowed || !/^[A-Za-z0-9_.]+$/.test(short)) return undefined;
    if (names.size < MOST_REMEMBERED) names.set(short, name);
    return name;
  }
}

/** What outlives the frame is copied. */
function valueOf(reader: SpopReader): Value | undefined {
  const value = reader.value();
  if (value === null) return undefined;
  if (value instanceof Ip) return ipAddress(Buffer.from(value.bytes));
  if (value instanceof Uint8Array) return Buffer.from(value);
  // Integers are signed here; what does not fit wraps, as a C integer does.
  return typeof value === 'bigint' && reader.type === DATA.UINT64 ? BigInt.asIntN(64, value) : value;
}
