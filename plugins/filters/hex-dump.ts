/** Sixteen bytes a line, with their place and as text. */
export function hexDump(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = Array.from({ length: 16 }, (_, i) => {
      const byte = row[i]?.toString(16).padStart(2, '0') ?? '  ';
      return i === 8 ? `  ${byte} ` : `${byte} `;
    }).join('');
    const plain = row.latin1Slice().replace(/[^\x20-\x7e]/g, '.');
    text += `\t0x${at.toString(16).padStart(6, '0')}: ${hex}  |${plain}|\n`;
  }
  return text;
}
