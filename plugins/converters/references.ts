/** Puts matched groups in the place of `\0` to `\9`, and drops other backslashes, as HAProxy does in replacements. */
export function expandReferences(template: string, subject: string, offsets: readonly number[]): string {
  if (!template.includes('\\')) return template;
  return template.replace(/\\(?:x([0-9a-fA-F]{2})|([^]))/g, (_, hex: string | undefined, char: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (!/[0-9]/.test(char!)) return char!;
    const [start, end] = [offsets[Number(char) * 2] ?? -1, offsets[Number(char) * 2 + 1] ?? -1];
    return start < 0 ? '' : subject.slice(start, end);
  });
}
