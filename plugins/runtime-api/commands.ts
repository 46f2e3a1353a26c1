import type { CommandKeyword, CommandLevel, CommandSession, PluginContext, Words } from 'sluice/plugin';
import { helpText } from './help.ts';
import { SETTINGS, SOCKET } from './settings.ts';

const LEVELS: readonly CommandLevel[] = ['user', 'operator', 'admin'];

/** `expert-mode [on|off]` and its like: commands that could do harm are refused without them. */
function switchable(name: 'expert-mode' | 'experimental-mode', summary: string): CommandKeyword {
  return {
    usage: `${name} [on|off]`,
    summary,
    level: 'admin',
    run(words, session) {
      if (words.remaining === 0) {
        session.write(`${name} is ${session.modes.has(name) ? 'ON' : 'OFF'}\n`);
        return;
      }
      if (words.oneOf('on or off', ['on', 'off']) === 'on') session.modes.add(name);
      else session.modes.delete(name);
    },
  };
}

const lowered = (level: CommandLevel): CommandKeyword => ({
  usage: level,
  summary: `lower the level of the current CLI session to ${level}`,
  level: 'user',
  run(_words, session) {
    if (LEVELS.indexOf(session.level) > LEVELS.indexOf(level)) session.level = level;
  },
});

const PROMPT_USAGE = 'prompt [help | n | i | p | timed]*';
const PROMPT_HELP = `Usage: ${PROMPT_USAGE}
  n     : non-interactive: closes after the commands of a line
  i     : interactive, without a prompt
  p     : interactive, with a prompt
  timed : toggles the time the process has been running in the prompt
Without arguments it toggles between p and n.
`;

/** What is no word of its own is passed over, as HAProxy 2.6 passes over all. */
function changePrompt(words: Words, session: CommandSession): void {
  if (words.remaining === 0) session.mode = session.mode === 'prompt' ? 'once' : 'prompt';
  for (const word of words.rest()) {
    if (word === 'help') session.write(PROMPT_HELP);
    else if (word === 'n') session.mode = 'once';
    else if (word === 'i') session.mode = 'interactive';
    else session.mode = 'prompt';
    if (word === 'timed') session.timed = !session.timed;
  }
}

/** The commands of every socket, whatever the configuration. management.txt 9.3. */
export function commands({ global, commands: table, version }: PluginContext): Record<string, CommandKeyword> {
  return {
    help: {
      usage: 'help [<command>]',
      summary: 'list matching or all commands',
      level: 'user',
      run: (words, session) => void session.write(helpText(table.all, session.level, words.rest())),
    },
    prompt: {
      usage: PROMPT_USAGE,
      summary: 'toggle interactive mode with prompt',
      level: 'user',
      run: changePrompt,
    },
    quit: {
      usage: 'quit',
      summary: 'disconnect',
      level: 'user',
      run: (_words, session) => session.end(),
    },
    user: lowered('user'),
    operator: lowered('operator'),
    'expert-mode': switchable('expert-mode', 'allow commands for experts'),
    'experimental-mode': switchable('experimental-mode', 'allow experimental commands'),
    'show cli level': {
      usage: 'show cli level',
      summary: 'display the level of the current CLI session',
      level: 'user',
      run: (_words, session) => session.message('info', session.level),
    },
    'show cli sockets': {
      usage: 'show cli sockets',
      summary: 'dump list of cli sockets',
      level: 'operator',
      run(_words, session) {
        let text = '# socket lvl processes\n';
        for (const bind of global.extension(SETTINGS).binds) {
          const [address = ''] = bind.addresses;
          text += `${address.startsWith('/') ? `unix@${address}` : address} ${bind.extension(SOCKET).level} all\n`;
        }
        session.write(text);
      },
    },
    'show version': {
      usage: 'show version',
      summary: 'show version of the current process',
      level: 'user',
      run: (_words, session) => session.message('info', version),
    },
    'show env': {
      usage: 'show env [var]',
      summary: 'dump environment variables known to the process',
      level: 'admin',
      run(words, session) {
        const name = words.optional(words.peek() ?? '');
        for (const [key, value] of Object.entries(process.env)) {
          if (name === undefined || name === '' || key === name) session.write(`${key}=${value}\n`);
        }
      },
    },
    'set timeout cli': {
      usage: 'set timeout [cli] <delay>',
      summary: 'change a timeout setting',
      level: 'user',
      run(words, session) {
        session.timeout = words.time('a delay', 's', { min: 1 });
      },
    },
    'set severity-output': {
      usage: 'set severity-output [none|number|string]',
      summary: 'set presence of severity level in feedback information',
      level: 'user',
      run(words, session) {
        session.severity = words.oneOf('what to show of the severity', ['none', 'number', 'string']);
      },
    },
  };
}
