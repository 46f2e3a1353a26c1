import './latin1.ts';
import type { HeaderList } from '../api/index.ts';
import { STRIDE, type HeadScanner } from './head-scanner.ts';
import type { StoredResponse } from './stored-response.ts';

const KEPT = 0;
const DELETED = 1;
const CHANGED = 2;

/** Lines of added fields up to this length are kept for the next message. */
const KEPT_LINE = 256;

/** More than a start line and the end of a head cost in a buffer besides their bytes. */
const BOUND = 64;

interface AddedLine {
  readonly name: string;
  readonly value: string;
  readonly text: string;
}

const CONNECTION = 'connection';
const CONTENT_LENGTH = 'content-length';
const TRANSFER_ENCODING = 'transfer-encoding';

function isFraming(name: string): boolean {
  return name === CONTENT_LENGTH || name === TRANSFER_ENCODING;
}

const METHODS: Readonly<Record<number, string>> = { 71: 'GET', 72: 'HEAD', 80: 'POST' };

/**
 * The head of an HTTP/1 message as byte ranges over the buffer it arrived in, with the edits made to it since. Strings are cut
 * from the bytes when somebody asks; a head that nobody edits leaves as the bytes it came in.
 *
 * It is valid while the buffer is: the shared read buffer only until the read event returns, so whoever waits calls `own` first.
 */
export class Head implements HeaderList {
  #bytes: Buffer = EMPTY;
  #start = 0;
  #fieldsStart = 0;
  /** Index of the empty line's CR. */
  #end = 0;
  #count = 0;
  #ranges: Int32Array = new Int32Array(0);
  /** Grow to the size of the largest head seen; states are KEPT and values undefined between messages. */
  #states: Uint8Array = new Uint8Array(0);
  readonly #values: (string | undefined)[] = [];
  /** How many fields the arrays above may have something of. */
  #used = 0;
  #cached = false;
  #edited = false;
  #deleted = 0;
  #changed = 0;
  /** Fields added, up to #added; what lies behind is of earlier messages, as the lines that were made of them. */
  readonly #addedNames: string[] = [];
  readonly #addedValues: string[] = [];
  readonly #addedLines: AddedLine[] = [];
  #added = 0;
  /** What additions and changes have added at the most, in bytes. */
  #grown = 0;
  /** Fields that went before anybody saw them. */
  #cut = 0;
  #framing = false;
  #connection = false;
  #startLine: string | undefined = undefined;

  /** Takes over what the scanner found; `end` is the index after the empty line. */
  load(bytes: Buffer, scan: HeadScanner, end: number): void {
    this.#bytes = bytes;
    this.#start = scan.start;
    this.#fieldsStart = scan.startLineEnd + 2;
    this.#end = end - 2;
    this.#count = scan.count;
    // The two arrays change places, which is cheaper than a copy.
    const { ranges } = scan;
    scan.ranges = this.#ranges.length === ranges.length ? this.#ranges : new Int32Array(ranges.length);
    this.#ranges = ranges;
    this.#resetEdits();
    this.#makeRoom();
    this.#startLine = undefined;
  }

  #resetEdits(): void {
    if (this.#edited) {
      // A loop over what may have been used is quicker than to fill the whole of both.
      const states = this.#states;
      for (let i = 0; i < this.#used; i++) states[i] = KEPT;
      this.#edited = false;
      this.#deleted = 0;
      this.#changed = 0;
      this.#added = 0;
      this.#grown = 0;
      this.#cut = 0;
      this.#framing = false;
      this.#connection = false;
    }
    if (this.#cached) {
      const values = this.#values;
      for (let i = 0; i < this.#used; i++) values[i] = undefined;
      this.#cached = false;
    }
  }

  #makeRoom(): void {
    this.#used = this.#count;
    if (this.#states.length >= this.#count) return;
    this.#states = new Uint8Array(this.#count + 16);
    while (this.#values.length < this.#states.length) this.#values.push(undefined);
  }

  /** Takes over a stored head, whose bytes are not changed by what is done here. */
  loadStored({ image, ranges, count, lineEnd, headEnd }: StoredResponse): void {
    this.#resetEdits();
    this.#bytes = image;
    this.#start = 0;
    this.#fieldsStart = lineEnd + 2;
    this.#end = headEnd - 2;
    this.#count = count;
    if (this.#ranges.length < ranges.length) this.#ranges = new Int32Array(ranges.length * 2);
    this.#ranges.set(ranges);
    this.#makeRoom();
    this.#startLine = undefined;
  }

  /** Forgets the message: every lookup finds nothing from here on. */
  clear(): void {
    this.#bytes = EMPTY;
    this.#count = 0;
    this.#deleted = 0;
    this.#start = 0;
    this.#end = 0;
    this.#added = 0;
    this.#grown = 0;
    this.#cut = 0;
    this.#framing = false;
    this.#connection = false;
  }

  /** An empty head to be filled with `add`: that of an answer made by the proxy. */
  begin(): void {
    this.clear();
    this.#edited = true;
    this.#fieldsStart = 0;
    this.#startLine = '';
  }

  /** Copies the bytes out of a shared buffer, so that they last. */
  own(): void {
    if (this.#count === 0 && this.#end === 0) return;
    const length = this.#end + 2 - this.#start;
    const copy = Buffer.allocUnsafe(length);
    this.#bytes.copy(copy, 0, this.#start, this.#end + 2);
    const shift = this.#start;
    for (let i = 0, n = this.#count * STRIDE; i < n; i++) this.#ranges[i]! -= shift;
    this.#bytes = copy;
    this.#start = 0;
    this.#fieldsStart -= shift;
    this.#end -= shift;
  }

  get startLine(): string | undefined {
    return this.#startLine;
  }
  /** Replaces the start line; without CRLF. */
  set startLine(line: string) {
    this.#startLine = line;
  }

  /** Fields were added, changed or removed. */
  get edited(): boolean {
    return this.#edited;
  }

  /** At least as many bytes as HAProxy reckons for the head; {@link fieldsMeasure} has to look at each field. */
  get sizeBound(): number {
    return this.#end - this.#start + (this.#startLine?.length ?? 0) + this.#grown + BOUND + 4 * this.#count;
  }

  /** Fields, those that rules took out of what arrived included: their places are not free. */
  get blocks(): number {
    return this.#count - this.#cut + this.#added;
  }

  /** Somebody changed the fields that say how a body is framed, or took them out. */
  get framingEdited(): boolean {
    return this.#framing;
  }

  /** Somebody wrote a Connection field. */
  get connectionEdited(): boolean {
    return this.#connection;
  }

  slice(start: number, end: number): string {
    return this.#bytes.latin1Slice(start, end);
  }

  /** The method of a request head whose method token ends at `end`; the common ones cost no new string. */
  method(start: number, end: number): string {
    const known = METHODS[this.#bytes[start]!];
    const length = end - start;
    if (known !== undefined && known.length === length) {
      let same = true;
      for (let i = 1; i < length; i++) if (this.#bytes[start + i] !== known.charCodeAt(i)) same = false;
      if (same) return known;
    }
    return this.#bytes.latin1Slice(start, end);
  }

  get size(): number {
    return this.#count - this.#deleted + this.#added;
  }

  /** The next field of that name at or after physical index `from`, or -1. Physical indexes go through kept, then added fields. */
  #find(name: string, from: number): number {
    const ranges = this.#ranges;
    const bytes = this.#bytes;
    const length = name.length;
    const first = name.charCodeAt(0);
    for (let i = from; i < this.#count; i++) {
      const at = ranges[i * STRIDE]!;
      if (ranges[i * STRIDE + 1]! - at !== length || bytes[at] !== first) continue;
      if (this.#states[i] === DELETED) continue;
      let k = 1;
      while (k < length && bytes[at + k] === name.charCodeAt(k)) k++;
      if (k === length) return i;
    }
    const added = this.#addedNames;
    for (let i = from > this.#count ? from - this.#count : 0; i < this.#added; i++) {
      if (added[i] === name) return this.#count + i;
    }
    return -1;
  }

  #value(index: number): string {
    if (index >= this.#count) return this.#addedValues[index - this.#count]!;
    const known = this.#values[index];
    if (known !== undefined) return known;
    this.#cached = true;
    const at = index * STRIDE;
    return (this.#values[index] = this.#bytes.latin1Slice(this.#ranges[at + 2], this.#ranges[at + 3]));
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  get(name: string): string | undefined {
    let found = -1;
    for (let i = this.#find(name, 0); i !== -1; i = this.#find(name, i + 1)) found = i;
    return found === -1 ? undefined : this.#value(found);
  }

  all(name: string): string[] {
    const values: string[] = [];
    for (let i = this.#find(name, 0); i !== -1; i = this.#find(name, i + 1)) values.push(this.#value(i));
    return values;
  }

  some(name: string, visit: (value: string) => boolean): boolean {
    for (let i = this.#find(name, 0); i !== -1; i = this.#find(name, i + 1)) if (visit(this.#value(i))) return true;
    return false;
  }

  add(name: string, value: string): void {
    this.#edited = true;
    if (isFraming(name)) this.#framing = true;
    else if (name === CONNECTION) this.#connection = true;
    this.#grown += name.length + value.length + 8;
    const at = this.#added++;
    this.#addedNames[at] = name;
    this.#addedValues[at] = value;
  }

  set(name: string, value: string): void {
    this.delete(name);
    this.add(name, value);
  }

  delete(name: string): boolean {
    let any = false;
    for (let i = this.#find(name, 0); i !== -1; i = this.#find(name, i)) {
      this.#remove(i);
      any = true;
    }
    return any;
  }

  #remove(index: number): void {
    this.#edited = true;
    this.#noteFraming(index);
    if (index < this.#count) {
      this.#states[index] = DELETED;
      this.#deleted++;
    } else {
      this.#added--;
      for (let i = index - this.#count; i < this.#added; i++) {
        this.#addedNames[i] = this.#addedNames[i + 1]!;
        this.#addedValues[i] = this.#addedValues[i + 1]!;
      }
    }
  }

  #noteFraming(index: number): void {
    if (this.#framing) return;
    if (index >= this.#count) {
      this.#framing = isFraming(this.#addedNames[index - this.#count]!);
      return;
    }
    const at = index * STRIDE;
    const length = this.#ranges[at + 1]! - this.#ranges[at]!;
    if (length === CONTENT_LENGTH.length || length === TRANSFER_ENCODING.length)
      this.#framing = isFraming(this.#bytes.latin1Slice(this.#ranges[at], this.#ranges[at + 1]));
  }

  /** Removes the field at the index the scanner gave it. */
  deleteScanned(index: number): void {
    if (this.#states[index] === DELETED) return;
    this.#remove(index);
    this.#cut++;
  }

  #physical(index: number): number {
    if (index < 0 || index >= this.size) throw new RangeError(`no header field ${index}`);
    if (this.#deleted === 0) return index;
    let left = index;
    for (let i = 0; i < this.#count; i++) {
      if (this.#states[i] === DELETED) continue;
      if (left-- === 0) return i;
    }
    return this.#count + left;
  }

  nameAt(index: number): string {
    const i = this.#physical(index);
    if (i >= this.#count) return this.#addedNames[i - this.#count]!;
    return this.#bytes.latin1Slice(this.#ranges[i * STRIDE], this.#ranges[i * STRIDE + 1]);
  }

  valueAt(index: number): string {
    return this.#value(this.#physical(index));
  }

  setAt(index: number, value: string): void {
    const i = this.#physical(index);
    this.#grown += value.length;
    this.#noteFraming(i);
    if (this.nameAt(index) === CONNECTION) this.#connection = true;
    if (i >= this.#count) {
      this.#addedValues[i - this.#count] = value;
      return;
    }
    this.#edited = true;
    this.#cached = true;
    this.#states[i] = CHANGED;
    this.#changed++;
    this.#values[i] = value;
  }

  deleteAt(index: number): void {
    this.#remove(this.#physical(index));
  }

  /** Bytes of all names and values. */
  get fieldsMeasure(): number {
    let sum = 0;
    const ranges = this.#ranges;
    for (let i = 0; i < this.#count; i++) {
      const state = this.#states[i]!;
      if (state === DELETED) continue;
      const at = i * STRIDE;
      sum += ranges[at + 1]! - ranges[at]!;
      sum += state === CHANGED ? this.#values[i]!.length : ranges[at + 3]! - ranges[at + 2]!;
    }
    for (let i = 0; i < this.#added; i++) sum += this.#addedNames[i]!.length + this.#addedValues[i]!.length;
    return sum;
  }

  /** Marks every field to be written anew, `name: value`, whatever blanks it came with. */
  normalize(): void {
    for (let i = 0; i < this.#count; i++) {
      if (this.#states[i] !== KEPT) continue;
      this.#value(i);
      this.#states[i] = CHANGED;
      this.#changed++;
    }
    this.#edited = true;
  }

  /**
   * Head and body in one string, `to` being the end of the body bytes that lie behind the head in the same buffer. The usual
   * edit, a field taken out, moves what is before it over its place: the result is cut out in one piece, where joined
   * strings would be copied once more when they are written. The head must not be asked for anything afterwards.
   */
  textWithBody(to: number): string {
    return this.#bytes.latin1Slice(this.compact(), to);
  }

  /** The same where the bytes are: from the answer to the body's end they are what leaves. */
  compact(): number {
    const bytes = this.#bytes;
    let start = this.#start;
    if (this.#edited) {
      const ranges = this.#ranges;
      // From the last to the first, as each move shifts what lies before it.
      for (let i = this.#count - 1; i >= 0; i--) {
        if (this.#states[i] !== DELETED) continue;
        const lineStart = ranges[i * STRIDE]!;
        const next = i + 1 < this.#count ? ranges[(i + 1) * STRIDE]! : this.#end;
        const shift = next - lineStart;
        bytes.copyWithin(start + shift, start, lineStart);
        start += shift;
        for (let k = i - 1; k >= 0; k--) ranges[k * STRIDE]! += shift;
      }
    }
    return start;
  }

  /** Nothing but fields taken out distinguishes it from what arrived. */
  get onlyCut(): boolean {
    return this.#startLine === undefined && this.#changed === 0 && this.#added === 0;
  }

  /** Whether bytes[at] of that buffer follow the head at once. */
  precedes(bytes: Buffer, at: number): boolean {
    return bytes === this.#bytes && at === this.#end + 2;
  }

  /**
   * The head as it leaves, with its empty line; `extra` are whole lines to go last. `adjust` spells names as
   * `h1-case-adjust` wants them, undefined leaves them.
   */
  text(extra: string, adjust: ReadonlyMap<string, string> | undefined): string {
    const bytes = this.#bytes;
    if (adjust !== undefined) return this.#adjusted(extra, adjust);
    if (!this.#edited) {
      if (this.#startLine === undefined) {
        return extra === ''
          ? bytes.latin1Slice(this.#start, this.#end + 2)
          : bytes.latin1Slice(this.#start, this.#end) + extra + '\r\n';
      }
      return this.#startLine + bytes.latin1Slice(this.#fieldsStart - 2, this.#end) + extra + '\r\n';
    }
    let text = '';
    let from = this.#start;
    if (this.#startLine !== undefined) {
      text = this.#startLine;
      // From the CRLF that ended the line as it came; a made head has none of its own.
      if (this.#end > 0) from = this.#fieldsStart - 2;
      else text += '\r\n';
    }
    const ranges = this.#ranges;
    for (let i = 0; i < this.#count; i++) {
      const state = this.#states[i]!;
      if (state === KEPT) continue;
      const lineStart = ranges[i * STRIDE]!;
      const lineEnd = i + 1 < this.#count ? ranges[(i + 1) * STRIDE]! : this.#end;
      if (lineStart > from) text += bytes.latin1Slice(from, lineStart);
      if (state === CHANGED) {
        text += bytes.latin1Slice(lineStart, ranges[i * STRIDE + 1]) + ': ' + this.#values[i]! + '\r\n';
      }
      from = lineEnd;
    }
    if (from < this.#end) text += bytes.latin1Slice(from, this.#end);
    for (let i = 0; i < this.#added; i++) text += this.#addedLine(i);
    return text + extra + '\r\n';
  }

  /** Rules add the same again and again, as did the last message: its line is used again, where it is. */
  #addedLine(index: number): string {
    const name = this.#addedNames[index]!;
    const value = this.#addedValues[index]!;
    const last = this.#addedLines[index];
    if (last !== undefined && last.name === name && last.value === value) return last.text;
    const text = name + ': ' + value + '\r\n';
    if (text.length <= KEPT_LINE) this.#addedLines[index] = { name, value, text };
    return text;
  }

  #adjusted(extra: string, adjust: ReadonlyMap<string, string>): string {
    let text = (this.#startLine ?? this.#bytes.latin1Slice(this.#start, this.#fieldsStart - 2)) + '\r\n';
    for (let i = 0; i < this.size; i++) {
      const name = this.nameAt(i);
      text += `${adjust.get(name) ?? name}: ${this.valueAt(i)}\r\n`;
    }
    return `${text}${extra.replace(/^[^:\r\n]+/gm, (name) => adjust.get(name) ?? name)}\r\n`;
  }
}

const EMPTY = Buffer.alloc(0);
