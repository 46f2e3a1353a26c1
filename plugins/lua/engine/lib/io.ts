/** The io library (manual 6.8). It blocks, as in HAProxy: for reading a file when the script loads, hardly for more. */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { viewOf } from '../call.ts';
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { openTable } from '../libraries.ts';
import { machine } from '../machine.ts';
import { parseNumeral } from '../numbers.ts';
import { toBytes } from '../protect.ts';
import type { State } from '../state.ts';
import { intern } from '../strings.ts';
import { Table } from '../tables.ts';
import {
  FLOAT,
  HOST_CLOSURE,
  HostClosure,
  INTEGER,
  LIGHT_FUNCTION,
  NIL,
  STRING,
  TABLE,
  TValue,
  USERDATA,
  Userdata,
} from '../values.ts';
import type { NativeFunction, Thread } from '../values.ts';
import { nativeOf } from '../call.ts';
import { LuaFile } from './files.ts';
import type { ReadFormat } from './files.ts';
import { systemNumber, systemText } from './system.ts';

const MODE = /^[rwa]\+?b?$/;

/** nil, the message and the number, as C's functions fail. */
export function pushFailure(call: Call, error: unknown, name?: string): number {
  call.pushNil();
  call.pushString(toBytes(systemText(error, name)));
  call.pushInteger(systemNumber(error));
  return 3;
}

class IoLibrary {
  readonly metatable: Table = new Table();
  input: Userdata;
  output: Userdata;
  readonly error: Userdata;

  constructor(print: ((text: string) => void) | undefined) {
    this.input = this.wrap(new LuaFile(0, { standard: true }));
    this.output = this.wrap(new LuaFile(1, print === undefined ? { standard: true } : { standard: true, print }));
    this.error = this.wrap(new LuaFile(2, { standard: true }));
  }

  wrap(file: LuaFile): Userdata {
    const made = new Userdata(undefined, 0);
    made.data = file;
    made.metatable = this.metatable;
    return made;
  }

  isFile(call: Call, index: number): LuaFile | undefined {
    const slot = call.slot(index);
    return slot.type === USERDATA && slot.value.data instanceof LuaFile ? slot.value.data : undefined;
  }

  file(call: Call, index: number): LuaFile {
    const file = this.isFile(call, index) ?? call.expected(index, 'FILE*');
    if (file.closed) call.fail('attempt to use a closed file');
    return file;
  }

  #formats(call: Call, first: number): ReadFormat[] {
    const formats: ReadFormat[] = [];
    for (let index = first; index <= call.count; index++) {
      if (call.kind(index) === 'number') formats.push(call.int(index));
      else {
        const letter = call.string(index).replace(/^\*/, '')[0];
        if (letter !== 'n' && letter !== 'l' && letter !== 'L' && letter !== 'a')
          return call.failArgument(index, 'invalid format');
        formats.push(letter);
      }
    }
    return formats.length === 0 ? ['l'] : formats;
  }

  /** Pushes what was read; nil ends it. */
  read(call: Call, file: LuaFile, formats: readonly ReadFormat[]): number {
    let count = 0;
    try {
      for (const format of formats) {
        const text = file.read(format, machine.maxString);
        count++;
        if (text === undefined) {
          call.pushNil();
          break;
        }
        if (text.length > machine.maxString) call.fail('not enough memory');
        if (format !== 'n') call.pushString(text);
        else {
          const numeral = parseNumeral(text);
          if (numeral === undefined) {
            call.pushNil();
            break;
          }
          call.pushSlot(numeral.integer ? INTEGER : FLOAT, numeral.value);
        }
      }
    } catch (error) {
      if ((error as { code?: unknown }).code === undefined) throw error;
      return pushFailure(call, error);
    }
    return count;
  }

  write(call: Call, file: LuaFile, self: Userdata, first: number): number {
    try {
      for (let index = first, count = call.count; index <= count; index++) file.write(call.string(index));
    } catch (error) {
      if ((error as { code?: unknown }).code === undefined) throw error;
      return pushFailure(call, error);
    }
    call.pushSlot(USERDATA, self);
    return 1;
  }

  close(call: Call, file: LuaFile): number {
    if (file.standard) {
      call.pushNil();
      call.pushString('cannot close standard file');
      return 2;
    }
    try {
      file.close();
    } catch (error) {
      return pushFailure(call, error);
    }
    if (file.command === undefined) {
      call.pushBoolean(true);
      return 1;
    }
    return pushStatus(call, file.status.kind, file.status.code);
  }

  /** The iterator of `lines`. */
  lines(call: Call, file: LuaFile, formats: readonly ReadFormat[], closes: boolean): number {
    const step: NativeFunction = (L) => {
      const view = viewOf(L);
      if (file.closed) view.fail('file is already closed');
      const count = this.read(view, file, formats);
      if (view.slot(-count).type === NIL) {
        if (count > 1) view.fail(view.string(-count + 1));
        if (closes) file.close();
      }
      return count;
    };
    call.pushSlot(HOST_CLOSURE, new HostClosure(call.L, step, 0));
    return 1;
  }

  open(call: Call, index: number, mode: string): Userdata {
    const name = call.string(index);
    try {
      return this.wrap(LuaFile.open(name, mode));
    } catch (error) {
      return call.fail(`cannot open file '${name}' (${toBytes(systemText(error))})`);
    }
  }

  #redirect(which: 'input' | 'output'): HostFunction {
    return (given) => {
      const call = given as Call;
      const slot = call.slot(1);
      if (slot.type !== NIL) {
        if (slot.type === STRING) this[which] = this.open(call, 1, which === 'input' ? 'r' : 'w');
        else {
          this.file(call, 1);
          this[which] = slot.value;
        }
      }
      call.pushSlot(USERDATA, this[which]);
      return 1;
    };
  }

  #default(call: Call, which: 'input' | 'output'): LuaFile {
    const file: LuaFile = this[which].data;
    if (file.closed) call.fail(`standard ${which} file is closed`);
    return file;
  }

  functions(): Readonly<Record<string, HostFunction>> {
    return {
      close: (given) => {
        const call = given as Call;
        return this.close(call, call.count === 0 ? this.#default(call, 'output') : this.file(call, 1));
      },
      flush: (given) => {
        this.#default(given as Call, 'output');
        given.pushBoolean(true);
        return 1;
      },
      input: this.#redirect('input'),
      lines: (given) => {
        const call = given as Call;
        if (call.slot(1).type === NIL)
          return this.lines(call, this.#default(call, 'input'), this.#formats(call, 2), false);
        const file: LuaFile = this.open(call, 1, 'r').data;
        return this.lines(call, file, this.#formats(call, 2), true);
      },
      open: (given) => {
        const call = given as Call;
        const name = call.string(1);
        const mode = call.optionalString(2, 'r');
        if (!MODE.test(mode)) call.failArgument(2, 'invalid mode');
        try {
          call.pushSlot(USERDATA, this.wrap(LuaFile.open(name, mode)));
          return 1;
        } catch (error) {
          return pushFailure(call, error, name);
        }
      },
      output: this.#redirect('output'),
      popen: (given) => {
        const call = given as Call;
        const command = call.string(1);
        const mode = call.optionalString(2, 'r');
        if (mode !== 'r' && mode !== 'w') call.failArgument(2, 'invalid mode');
        try {
          call.pushSlot(USERDATA, this.wrap(LuaFile.pipe(command, mode as 'r' | 'w')));
          return 1;
        } catch (error) {
          return pushFailure(call, error, command);
        }
      },
      read: (given) => {
        const call = given as Call;
        return this.read(call, this.#default(call, 'input'), this.#formats(call, 1));
      },
      tmpfile: (given) => {
        const call = given as Call;
        try {
          const folder = mkdtempSync(join(tmpdir(), 'lua_'));
          const fd = openSync(join(folder, 'file'), 'w+', 0o600);
          rmSync(folder, { recursive: true });
          call.pushSlot(USERDATA, this.wrap(new LuaFile(fd)));
          return 1;
        } catch (error) {
          return pushFailure(call, error);
        }
      },
      type: (given) => {
        const call = given as Call;
        if (call.count === 0) call.failArgument(1, 'value expected');
        const file = this.isFile(call, 1);
        if (file === undefined) call.pushNil();
        else call.pushString(file.closed ? 'closed file' : 'file');
        return 1;
      },
      write: (given) => {
        const call = given as Call;
        return this.write(call, this.#default(call, 'output'), this.output, 1);
      },
    };
  }

  methods(): Readonly<Record<string, HostFunction>> {
    return {
      close: (given) => this.close(given as Call, this.file(given as Call, 1)),
      flush: (given) => {
        this.file(given as Call, 1);
        given.push(true);
        return 1;
      },
      lines: (given) => this.lines(given as Call, this.file(given as Call, 1), this.#formats(given as Call, 2), false),
      read: (given) => this.read(given as Call, this.file(given as Call, 1), this.#formats(given as Call, 2)),
      seek: (given) => {
        const call = given as Call;
        const file = this.file(call, 1);
        const whence = call.optionalString(2, 'cur');
        if (whence !== 'set' && whence !== 'cur' && whence !== 'end')
          return call.failArgument(2, `invalid option '${whence}'`);
        try {
          call.pushInteger(file.seek(whence, call.optionalInt(3, 0)));
          return 1;
        } catch (error) {
          return pushFailure(call, error);
        }
      },
      setvbuf: (given) => {
        const call = given as Call;
        this.file(call, 1);
        const mode = call.string(2);
        if (mode !== 'no' && mode !== 'full' && mode !== 'line') call.failArgument(2, `invalid option '${mode}'`);
        // Every write goes out at once, so each of the modes is kept.
        call.pushBoolean(true);
        return 1;
      },
      write: (given) => {
        const call = given as Call;
        return this.write(call, this.file(call, 1), call.slot(1).value, 2);
      },
    };
  }
}

/** How a command ended: as `os.execute` and `close` of a pipe answer. */
export function pushStatus(call: Call, kind: 'exit' | 'signal', code: number): number {
  if (kind === 'exit' && code === 0) call.pushBoolean(true);
  else call.pushNil();
  call.pushString(kind);
  call.pushInteger(code);
  return 3;
}

export function openIo(state: State): (L: Thread) => number {
  const library = new IoLibrary(state.options.print);
  const metatable = library.metatable;
  const methods = new Table();
  for (const [name, run] of Object.entries(library.methods()))
    methods.setString(intern(name), new TValue(LIGHT_FUNCTION, nativeOf(run, name)));
  metatable.setString(intern('__index'), new TValue(TABLE, methods));
  metatable.setString(intern('__name'), new TValue(STRING, intern('FILE*')));
  const show: HostFunction = (given) => {
    const call = given as Call;
    const file = library.isFile(call, 1) ?? call.expected(1, 'FILE*');
    call.pushString(file.closed ? 'file (closed)' : `file (0x${(call.slot(1).value as Userdata).id.toString(16)})`);
    return 1;
  };
  metatable.setString(intern('__tostring'), new TValue(LIGHT_FUNCTION, nativeOf(show, 'tostring')));
  const open = openTable(library.functions());
  return (L) => {
    const count = open(L);
    const call = viewOf(L);
    for (const [name, file] of Object.entries({
      stdin: library.input,
      stdout: library.output,
      stderr: library.error,
    })) {
      call.pushSlot(USERDATA, file);
      call.setField(-2, name);
    }
    return count;
  };
}
