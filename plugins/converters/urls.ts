import { type Arguments, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';

/**
 * Undoes percent-encoding; nothing when an escape is broken. A plus is a space in a form: from the question mark on, or
 * everywhere when told so.
 */
function decode(args: Arguments): Convert {
  const everywhere = args.integer(0, 0) !== 0;
  return pure((value) => {
    const text = value as string;
    if (!/[%+]/.test(text)) return text;
    let result = '';
    let inForm = everywhere;
    for (let i = 0; i < text.length; i++) {
      const char = text[i]!;
      if (char === '%') {
        const digits = text.slice(i + 1, i + 3);
        if (!/^[0-9a-fA-F]{2}$/.test(digits)) return undefined;
        result += String.fromCharCode(Number.parseInt(digits, 16));
        i += 2;
      } else if (char === '+' && inForm) result += ' ';
      else {
        if (char === '?') inForm = true;
        result += char;
      }
    }
    return result;
  });
}

const UNSAFE = /[^A-Za-z0-9._~-]/g;

function encode(args: Arguments): Convert {
  const type = args.text(0);
  if (type !== '' && type !== 'query') args.fail("Unexpected encode type. Allowed value is 'query'");
  return pure((value) =>
    (value as string).replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`),
  );
}

/** Percent-encoding. configuration.txt 7.3.1. */
export const urlConverters: ConverterTable = {
  ...converter('url_dec', '[integer]', 'str => str', 'Without percent-encoding.', decode),
  ...converter('url_enc', 'string', 'str => str', 'Percent-encoded as a part of a query.', encode),
};
