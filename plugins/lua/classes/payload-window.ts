import type { LuaCall } from '../engine/engine.ts';

/**
 * The bytes of one direction that Lua code may look at and change: what has come and has not been passed on, and what is to go before it.
 * Byte strings. lua-api.rst, "Channel class" and "HTTPMessage class"; positions and their errors are as the program has them.
 */
export class PayloadWindow {
  input = '';
  /** To be passed on before the input, in this order. */
  output: string[] = [];
  /** Bytes that are on their way already, where that is known. */
  before = 0;
  /** More may come. */
  open = true;
  /** The last of the message is in the input. */
  ended = false;

  get outputSize(): number {
    return this.output.reduce((sum, { length }) => sum + length, this.before);
  }

  #start(call: LuaCall, index: number): number {
    const offset = call.optionalInt(index, 0);
    if (offset < 0) return Math.max(0, this.input.length + offset);
    if (offset > this.input.length) call.fail('offset out of range.');
    return offset;
  }

  #end(call: LuaCall, index: number, start: number): number {
    const length = call.optionalInt(index, this.input.length - start);
    if (length < 0 || start + length > this.input.length) call.fail('length out of range.');
    return start + length;
  }

  /** Where the `offset` and `length` at these arguments lie in what is there now; a length beyond that is cut. */
  slice(call: LuaCall, index: number): [start: number, end: number, complete: boolean] {
    const start = this.#start(call, index);
    const length = call.optionalInt(index + 1, this.input.length - start);
    if (length === -1) return [start, this.input.length, false];
    if (length < 0) call.fail('length out of range.');
    return [start, Math.min(this.input.length, start + length), start + length <= this.input.length];
  }

  /** The function `data`, with what is there: nil when nothing is and nothing will come. */
  pushData(call: LuaCall, index: number, lineOnly = false): number {
    const [start, end] = this.slice(call, index);
    if (this.input === '' && !this.open) call.pushNil();
    else {
      const text = this.input.slice(start, end);
      const newline = lineOnly ? text.indexOf('\n') : -1;
      call.pushString(newline < 0 ? text : text.slice(0, newline + 1));
    }
    return 1;
  }

  insert(call: LuaCall, text: string, start: number): number {
    this.input = this.input.slice(0, start) + text + this.input.slice(start);
    call.pushInteger(text.length);
    return 1;
  }

  insertAt(call: LuaCall): number {
    const text = call.string(2);
    return this.insert(call, text, this.#start(call, 3));
  }

  append(call: LuaCall): number {
    return this.insert(call, call.string(2), this.input.length);
  }

  prepend(call: LuaCall): number {
    return this.insert(call, call.string(2), 0);
  }

  remove(call: LuaCall): number {
    const start = this.#start(call, 2);
    const end = this.#end(call, 3, start);
    this.input = this.input.slice(0, start) + this.input.slice(end);
    call.pushInteger(end - start);
    return 1;
  }

  set(call: LuaCall): number {
    const text = call.string(2);
    const start = this.#start(call, 3);
    const end = this.#end(call, 4, start);
    this.input = this.input.slice(0, start) + text + this.input.slice(end);
    call.pushInteger(text.length);
    return 1;
  }

  send(call: LuaCall): number {
    const text = call.string(2);
    this.output.push(text);
    call.pushInteger(text.length);
    return 1;
  }

  /** Passes that many bytes of the input on, or as many as there are; says how many. */
  pass(count: number): number {
    const passed = this.input.slice(0, Math.max(0, count));
    if (passed !== '') this.output.push(passed);
    this.input = this.input.slice(passed.length);
    return passed.length;
  }

  /** What is to go, which is forgotten. */
  take(): Buffer | undefined {
    if (this.output.length === 0) return undefined;
    const text = this.output.join('');
    this.output = [];
    return Buffer.from(text, 'latin1');
  }
}
