/** Cookies as a browser keeps them, as far as one host and any path go. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** Reads `Set-Cookie` fields. */
  take(fields: readonly string[]): void {
    for (const field of fields) {
      const [pair = '', ...attributes] = field.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      const name = pair.slice(0, at).trim();
      if (at < 1) continue;
      if (attributes.some(isOver)) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(at + 1).trim());
    }
  }

  /** The fields of a request, with the cookies behind those that it has itself. */
  addTo(fields: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
    if (this.#cookies.size === 0) return fields;
    const own = fields.filter(([name]) => name.toLowerCase() === 'cookie').map(([, value]) => value);
    const kept = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return [...fields.filter(([name]) => name.toLowerCase() !== 'cookie'), ['Cookie', [...own, ...kept].join('; ')]];
  }
}

/** Taken back by the server (RFC 6265 5.2). */
function isOver(attribute: string): boolean {
  const [name = '', value = ''] = attribute.split('=', 2);
  if (/^max-age$/i.test(name)) return Number(value) <= 0;
  return /^expires$/i.test(name) && Date.parse(value) <= Date.now();
}
