import { DEBUG_LETTERS, type DebugLetter } from './debug-letters.ts';

/** What the command line asked for; management.txt chapter 3. */
export interface CommandLine {
  /** Files and folders of `-f` and `--`, in their order. */
  readonly files: string[];
  /** `-c`: check and exit. */
  check: boolean;
  /** `-V`, `-q`, `-d`; each wins over the configuration's own word. */
  verbose: boolean;
  quiet: boolean;
  debug: boolean;
  /** `-db`: stay in the foreground, whatever the configuration says. */
  foreground: boolean;
  /** `-dD`: say what looks odd, too. */
  diagnose: boolean;
  /** `-dW`: a warning refuses the configuration. */
  zeroWarning: boolean;
  /** `-D`. */
  daemon: boolean;
  /** `-W`, and `-Ws`, which speaks to systemd. */
  masterWorker: boolean;
  systemd: boolean;
  /** `-n`: connections in the process. */
  maxconn: number | undefined;
  /** `-m`, in megabytes. */
  memory: number | undefined;
  pidfile: string | undefined;
  /** `-L`: this process's name among its peers. */
  localPeer: string | undefined;
  /** `-C`. */
  directory: string | undefined;
  /** `-sf` and `-st`. */
  readonly finish: number[];
  readonly terminate: number[];
  /** The classes of `-dK`, in their order. */
  readonly dump: string[];
  /** Letters that were understood and change nothing here, with the reason. */
  readonly notices: string[];
}

/** What to do: run with these settings, or answer at once. */
export type Command =
  | { readonly kind: 'run'; readonly line: CommandLine }
  | { readonly kind: 'version'; readonly full: boolean }
  | { readonly kind: 'condition'; readonly text: string }
  /** The arguments make no sense: the usage text, exit code 1. */
  | { readonly kind: 'usage' }
  /** An option that is known and cannot be had: an alert, exit code 1. */
  | { readonly kind: 'refused'; readonly message: string };

class Refused extends Error {}
class Usage extends Error {}

export function emptyCommandLine(): CommandLine {
  return {
    files: [],
    check: false,
    verbose: false,
    quiet: false,
    debug: false,
    foreground: false,
    diagnose: false,
    zeroWarning: false,
    daemon: false,
    masterWorker: false,
    systemd: false,
    maxconn: undefined,
    memory: undefined,
    pidfile: undefined,
    localPeer: undefined,
    directory: undefined,
    finish: [],
    terminate: [],
    dump: [],
    notices: [],
  };
}

/** Reads the words after the program's name. Like HAProxy it looks at letters in turn and stops at the first that answers by itself (`-v`, `-cc`). */
export function parseCommandLine(words: readonly string[]): Command {
  try {
    return read(words, emptyCommandLine());
  } catch (error) {
    if (error instanceof Usage) return { kind: 'usage' };
    if (error instanceof Refused) return { kind: 'refused', message: error.message };
    throw error;
  }
}

function read(words: readonly string[], line: CommandLine): Command {
  let index = 0;
  const argument = (): string => {
    const word = words[index];
    if (word === undefined) throw new Usage();
    index++;
    return word;
  };
  while (index < words.length) {
    const word = words[index++]!;
    if (word[0] !== '-' || word.length < 2) throw new Usage();
    if (word === '--') {
      line.files.push(...words.slice(index));
      break;
    }
    if (word === '-cc') return { kind: 'condition', text: argument() };
    if (word === '-sf' || word === '-st') {
      const pids = word === '-sf' ? line.finish : line.terminate;
      while (index < words.length && words[index]![0] !== '-') pids.push(processId(word, words[index++]!));
      continue;
    }
    const letter = word[1]!;
    if (letter === 'v') return { kind: 'version', full: word[2] === 'v' };
    if (letter === 'd') {
      readDebug(word, line);
      continue;
    }
    const flag = FLAGS[word] ?? FLAGS[word.slice(0, 2)];
    if (flag) {
      flag(line);
      continue;
    }
    const option = WITH_ARGUMENT[letter];
    if (!option) throw new Usage();
    if (word.length > 2) throw new Usage();
    option(line, argument());
  }
  return line.files.length > 0 ? { kind: 'run', line } : { kind: 'usage' };
}

/** As in HAProxy, what follows the letter of a flag is not looked at. */
const FLAGS: Readonly<Record<string, (line: CommandLine) => void>> = {
  '-c': (line) => (line.check = true),
  '-V': (line) => (line.verbose = true),
  '-q': (line) => (line.quiet = true),
  '-D': (line) => (line.daemon = true),
  '-W': (line) => (line.masterWorker = true),
  '-Ws': (line) => {
    line.masterWorker = true;
    line.systemd = true;
  },
  '-4': (line) => line.notices.push("'-4' is accepted; server names are resolved by the system."),
};

const WITH_ARGUMENT: Readonly<Record<string, (line: CommandLine, argument: string) => void>> = {
  f: (line, file) => line.files.push(file),
  C: (line, folder) => (line.directory = folder),
  n: (line, count) => (line.maxconn = limit('-n', count)),
  N: () => {
    throw new Refused("'-N': a default for the proxies' maxconn is not built yet.");
  },
  m: (line, megabytes) => (line.memory = limit('-m', megabytes)),
  p: (line, file) => (line.pidfile = file),
  L: (line, name) => (line.localPeer = name),
  S: () => {
    throw new Refused("'-S': the master's own command socket is not built yet.");
  },
  x: (_line, path) => {
    // What init scripts pass to have no sockets taken over; it means the same here.
    if (path === '/dev/null') return;
    throw new Refused(
      `'-x ${path}': a running process cannot hand over its listening sockets, for Node cannot receive descriptors; ` +
        'reload in place (SIGUSR2), or start beside it with -sf.',
    );
  },
};

function limit(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Refused(`'${option}' expects a number, not '${text}'.`);
  return Number(text);
}

function processId(option: string, text: string): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (pid === 0) throw new Refused(`${option} option: '${text}' is not a process id.`);
  return pid;
}

function readDebug(word: string, line: CommandLine): void {
  const name = word.slice(2);
  if (name === '') {
    line.debug = true;
    return;
  }
  if (name[0] === 'K') {
    line.dump.push(...name.slice(1).split(','));
    return;
  }
  const known: DebugLetter | undefined = DEBUG_LETTERS[name[0]!];
  if (!known || (name.length > 1 && !known.argument)) throw new Usage();
  if (known.kind === 'refused') throw new Refused(`'${word}': ${known.reason}`);
  if (known.kind === 'accepted') line.notices.push(`'${word}' is accepted and changes nothing: ${known.reason}`);
  else known.apply(line);
}
