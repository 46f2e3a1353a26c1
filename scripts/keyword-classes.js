// Reads what `-dKall` prints, HAProxy's or ours, into tables: class → word → signature ('' where it has none).

const RULESETS = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'tcp-response content',
  'http-request',
  'http-response',
  'http-after-response',
];

/** The headlines of the lists and what reads their lines. */
const LISTS = {
  'ACL keywords': (line, put) => {
    const [word, meaning] = line.split(' = ');
    put('ACL keywords', word, meaning);
  },
  'CLI keywords': (line, put) => put('CLI', line.replace(/(?: \[[A-Z]+\])* ?$/, ''), ''),
  'sample converter functions': (line, put) => put('converters', ...named(line)),
  'filter names': (line, put) => put('filters', line.split(' ')[0], ''),
  // `[ Y Y . … ] name(arguments): type`
  'sample fetch functions': (line, put) => {
    const [, places, rest] = /^\[ (.*?) \] (.*)$/.exec(line) ?? [];
    if (rest === undefined) return;
    const [word, signature] = named(rest);
    put('fetches', word, `[ ${places} ] ${signature}`);
  },
  'service names': (line, put) => put('services', line.trim(), ''),
};

/** `name(arguments): types` */
function named(line) {
  const word = /^[^(:]+/.exec(line)[0];
  return [word, line.slice(word.length)];
}

export function parseKeywords(text) {
  const tables = {};
  const put = (name, word, signature) => (tables[name] ??= new Map()).set(word, signature);
  let list;
  let section = '';
  for (const line of text.split('\n')) {
    const headline = /^# List of registered (.*):$/.exec(line)?.[1];
    if (headline !== undefined) list = headline;
    else if (line === '' || line.startsWith('#')) continue;
    else if (list !== 'configuration keywords') LISTS[list]?.(line, put);
    else if (/^\S/.test(line)) put('sections', (section = line.trim()), '');
    else configurationWord(section, line.trim(), put);
  }
  return tables;
}

/** A word behind a tab: a section's, with ` +n` for arguments or `[ FE BE ]` for sides. */
function configurationWord(section, line, put) {
  const text = line.replace(/ \+-?\d+$/, '').replace(/ \[.*\]$/, '');
  const rule = RULESETS.find((set) => text.startsWith(`${set} `));
  if (section === 'global') put('global', text, '');
  else if (section !== 'listen') put(`lines of ${section}`, text, '');
  else if (text.startsWith('bind <addr> ')) put('bind', text.split(' ').at(-1), '');
  else if (text.startsWith('server <name> ')) put('server', text.split(' ').at(-1), '');
  else if (rule) put(rule, text.slice(rule.length + 1).replace('*', ''), '');
  else put('proxy', text, '');
}
