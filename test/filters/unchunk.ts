/** The payload of a chunked body. */
export function unchunk(text: string): string {
  let payload = '';
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at);
    const size = parseInt(text.slice(at, line), 16);
    if (!(size > 0)) return payload;
    payload += text.slice(line + 2, line + 2 + size);
    at = line + size + 4;
  }
}
