/** Byte classes for the HTTP/1 scanner, one lookup per byte. */

const TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";

/** Lower case of a `tchar` (RFC 9110 5.6.2); 0 for every other byte. */
export const TOKEN_LOWER: Uint8Array = new Uint8Array(256);
/** 1 for a byte that may stand in a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 5.5). */
export const FIELD_CONTENT: Uint8Array = new Uint8Array(256);
/** 1 for a byte of a request target: visible ASCII but for `#`, which cannot be in one (RFC 9112 3.2). */
export const TARGET: Uint8Array = new Uint8Array(256);
/** Value of a hex digit, 255 for every other byte. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255);
/** 1 for a byte of a registered name (RFC 3986 3.2.2). */
export const HOST: Uint8Array = new Uint8Array(256);

for (let c = 0; c < 256; c++) {
  const char = String.fromCharCode(c);
  if (/[0-9A-Za-z]/.test(char) || TOKEN_SYMBOLS.includes(char)) TOKEN_LOWER[c] = char.toLowerCase().charCodeAt(0);
  if (c === 9 || (c >= 32 && c !== 127)) FIELD_CONTENT[c] = 1;
  if (c > 32 && c < 127 && char !== '#') TARGET[c] = 1;
  if (/[0-9A-Fa-f]/.test(char)) HEX[c] = Number.parseInt(char, 16);
  if (/[0-9A-Za-z._~!$&'()*+;=%-]/.test(char)) HOST[c] = 1;
}
