// The command line of the benchmark.
import { parseArgs } from 'node:util';

/**
 * @typedef {object} Options
 * @property {string[] | null} only scenario ids, or null for all
 * @property {string[] | null} proxies proxy ids, or null for all
 * @property {{ id: string, main: string }[]} also further builds of Sluice, measured beside the first
 * @property {number} seconds length of one measurement
 * @property {number} rounds measurements of each proxy in each scenario
 * @property {number} warm seconds of unmeasured load before the first round, for proxies that need no compiling
 * @property {number} idle how many idle connections
 * @property {string | null} json file to write all samples to
 * @property {boolean} help
 */

export const USAGE = `usage: node bench/run.js [options]

  --only a,b       only these scenarios
  --proxies a,b    only these proxies
  --seconds n      length of one measurement, whole seconds (2)
  --rounds n       measurements of each proxy in each scenario; medians are printed (3)
  --warm n         seconds of load before the first round, not measured (1); Node gets twice that
  --idle n         idle connections of the idle scenario (10000)
  --also id=file   measure another build of Sluice too; file is its cli/main.js. May be repeated
  --json file      write every sample to a file
  --quick          one round of one second
`;

/**
 * @param {string[]} argv
 * @returns {Options}
 * @throws {Error} with a message for the user when an option is unknown or malformed
 */
export function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string' },
      proxies: { type: 'string' },
      also: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      warm: { type: 'string' },
      idle: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const quick = values.quick === true;
  return {
    only: list(values.only),
    proxies: list(values.proxies),
    also: (values.also ?? []).map(build),
    seconds: whole('--seconds', values.seconds, quick ? 1 : 2),
    rounds: whole('--rounds', values.rounds, quick ? 1 : 3),
    warm: whole('--warm', values.warm, 1),
    idle: whole('--idle', values.idle, 10_000),
    json: values.json ?? null,
    help: values.help === true,
  };
}

/** @param {string | undefined} text */
function list(text) {
  if (text === undefined) return null;
  return text.split(',').filter((item) => item !== '');
}

/** @param {string} text */
function build(text) {
  const [, id, main] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (id === undefined || main === undefined) throw new Error(`--also wants id=file, got '${text}'`);
  return { id, main };
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} fallback
 */
function whole(name, text, fallback) {
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`${name} wants a whole number above zero, got '${text}'`);
  return Number(text);
}
