import type { HeaderList } from 'sluice/plugin';

/** The fields as they would stand in a head, with the empty line that ends it. */
export function headerBlock(headers: HeaderList): Buffer {
  let text = '';
  for (let i = 0; i < headers.size; i++) text += `${headers.nameAt(i)}: ${headers.valueAt(i)}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** Names and values behind their lengths, ended by two empty strings; SPOE.txt 3.1 has the encoding of lengths. */
export function headerBlockBinary(headers: HeaderList): Buffer {
  const bytes: number[] = [];
  const add = (text: string): void => {
    encodeLength(text.length, bytes);
    for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i));
  };
  for (let i = 0; i < headers.size; i++) {
    add(headers.nameAt(i));
    add(headers.valueAt(i));
  }
  add('');
  add('');
  return Buffer.from(bytes);
}

function encodeLength(length: number, bytes: number[]): void {
  if (length < 240) {
    bytes.push(length);
    return;
  }
  bytes.push((length | 240) & 255);
  let rest = Math.floor((length - 240) / 16);
  while (rest >= 128) {
    bytes.push((rest | 128) & 255);
    rest = Math.floor((rest - 128) / 128);
  }
  bytes.push(rest);
}
