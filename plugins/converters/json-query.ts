import { type Value, asInteger } from 'sluice/plugin';

/** Finds values in a JSON text without building any: the ends of values are all a path needs. */
class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  blanks(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++;
  }

  /** Takes a character, blanks before it passed over. */
  takes(char: string): boolean {
    this.blanks();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  /** Passes over a string; gives its text with the quotes, or undefined. */
  string(): string | undefined {
    this.blanks();
    const [found] = /^"(?:[^"\\]|\\[^])*"/.exec(this.text.slice(this.at)) ?? [];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Passes over a value; gives its text, or undefined where there is none. */
  value(depth = 0): string | undefined {
    this.blanks();
    const start = this.at;
    const first = this.text[start];
    if (depth > 20) return undefined;
    if (first === '"') return this.string();
    if (first === '{' || first === '[') {
      const entered = this.each(() => this.value(depth + 1) !== undefined);
      return entered ? this.text.slice(start, this.at) : undefined;
    }
    const [word] = /^(?:true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/.exec(this.text.slice(start)) ?? [];
    if (word !== undefined) this.at += word.length;
    return word;
  }

  /** Calls `visit` at each value of the object or array that begins here, until it answers false. True at the end. */
  each(visit: (key: string | number) => boolean): boolean {
    const isObject = this.takes('{');
    if (!isObject && !this.takes('[')) return false;
    const close = isObject ? '}' : ']';
    if (this.takes(close)) return true;
    for (let index = 0; ; index++) {
      const key = isObject ? this.string() : index;
      if (key === undefined || (isObject && !this.takes(':'))) return false;
      if (!visit(typeof key === 'string' ? key.slice(1, -1) : key)) return false;
      if (this.takes(close)) return true;
      if (!this.takes(',')) return false;
    }
  }
}

/** Reads `$.a.b[2]`; a dot within a name stands behind a backslash. */
function parsePath(path: string): (string | number)[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  let rest = path.slice(1);
  while (rest !== '') {
    const [whole, name, index] = /^(?:\.((?:\\[^]|[^.[\\])+)|\[([0-9]+)\])/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    steps.push(name === undefined ? Number(index) : name.replace(/\\([^])/g, '$1'));
    rest = rest.slice(whole.length);
  }
  return steps;
}

function find(text: string, steps: readonly (string | number)[]): string | undefined {
  const scanner = new Scanner(text);
  for (const step of steps) {
    let found = false;
    scanner.each((key) => {
      found = key === step;
      return !found && scanner.value() !== undefined;
    });
    if (!found) return undefined;
  }
  return scanner.value();
}

/** A number as C's `%g` prints it: six digits that count. */
function shortNumber(value: number): string {
  const [mantissa, exponent] = value.toExponential(5).split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    const digits = mantissa.replace(/\.?0+$/, '');
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return String(Number(value.toPrecision(6)));
}

function unescape(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, hex: string | undefined, char: string) => {
    if (hex !== undefined) {
      const code = Number.parseInt(hex, 16);
      return code < 256 ? String.fromCharCode(code) : Buffer.from(String.fromCharCode(code)).toString('latin1');
    }
    return { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }[char] ?? char;
  });
}

/** The value at a path: booleans, integers, texts; other numbers and arrays as text; objects and null are nothing. */
export function jsonQuery(text: string, path: string, asInt: boolean): Value | undefined {
  const steps = parsePath(path);
  const found = steps && find(text, steps);
  if (found === undefined || found === 'null' || found.startsWith('{')) return undefined;
  if (found.startsWith('"')) return unescape(found);
  if (found === 'true' || found === 'false') return found === 'true';
  if (found.startsWith('[')) return found;
  if (/^-?[0-9]{1,18}$/.test(found)) return asInteger(found);
  if (asInt) return asInteger(String(BigInt(Math.trunc(Number(found)))));
  return shortNumber(Number(found));
}
