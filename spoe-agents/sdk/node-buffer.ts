/** Methods that Node's Buffers have and its types do not name: `toString` and `write` without looking the coding up by name. */
export interface NodeBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
  utf8Write(text: string, at: number): number;
  latin1Write(text: string, at: number): number;
}
