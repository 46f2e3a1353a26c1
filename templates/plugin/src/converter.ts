import { asString, type ConverterKeyword } from 'sluice/plugin';

/** `path,__NAME__-initials(/)` */
export const initials: ConverterKeyword = {
  usage: '__NAME__-initials([<separator>])',
  summary: 'The first letter of each word.',
  input: 'str',
  output: 'str',
  arguments: [{ type: 'string', optional: true }],
  compile(args) {
    const separator = args.optionalText(0) ?? ' ';
    // The value has been cast to `input`: a string with one character for each byte.
    return (value) =>
      asString(value)
        .split(separator)
        .map((word) => word[0] ?? '')
        .join('');
  },
};
