import type { Words } from 'sluice/plugin';

/** Reads the name of a header to be written, gives it in lower case. RFC 9110 section 5.1. */
export function headerName(words: Words): string {
  const name = words.next('a header name');
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) words.fail(`'${name}' is no header name`);
  return name.toLowerCase();
}
