/** The bytes of a request without a body; the Host is given. */
export function get(path: string, ...fields: string[]): string {
  return head(`GET ${path} HTTP/1.1`, 'Host: h', ...fields);
}

/** The bytes of a POST with a length. */
export function post(path: string, body: string, ...fields: string[]): string {
  return head(`POST ${path} HTTP/1.1`, 'Host: h', `Content-Length: ${body.length}`, ...fields) + body;
}

/** A start line and fields, with the empty line. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The bytes of a chunked body. */
export function chunked(parts: readonly string[], ...trailers: string[]): string {
  const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return `${chunks.join('')}0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`;
}
