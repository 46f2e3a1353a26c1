import { createAgent } from '../sdk/index.ts';
import { number, text, texts, UsageError, type AgentCommand } from '../shared/command.ts';
import { WatchedFiles } from '../shared/watched-file.ts';
import { readLists, readScore, type ListFile } from './lists.ts';

/** Variables of the session: an address does not change within one. */
interface Vars {
  'sess.ip_score': number;
  'sess.ip_listed': boolean;
  'sess.ip_list': string;
}

export const command: AgentCommand = {
  summary: 'Says what lists of addresses and networks know of a client. Message: check-client-ip, args ip=src.',
  usage: `  --list FILE[=SCORE]   addresses and networks, one a line, with a score of their own or SCORE (0); may be repeated (needed)
  --default SCORE       for addresses on no list (100)
  --message NAME        the name of the spoe-message (check-client-ip)
`,
  options: {
    list: { type: 'string', multiple: true },
    default: { type: 'string' },
    message: { type: 'string' },
  },
  async start(values, base) {
    const files = texts(values, 'list').map(listFile);
    if (files.length === 0) throw new UsageError('--list is needed');
    const otherwise = number(values, 'default', { least: 0, most: 100, otherwise: 100 });
    const paths = files.map(({ path }) => path);
    const lists = await WatchedFiles.open(paths, () => readLists(files), base.logger);
    const agent = createAgent<Vars>({ ...base, name: 'ip-reputation' });
    agent.on(text(values, 'message') ?? 'check-client-ip', (args, ctx) => {
      const ip = args.ip('ip') ?? args.ip(0);
      const verdict = ip && lists.value.find(ip);
      ctx.setVar('sess', 'ip_score', verdict?.score ?? otherwise);
      ctx.setVar('sess', 'ip_listed', verdict !== undefined);
      if (verdict) ctx.setVar('sess', 'ip_list', verdict.list);
      else ctx.unsetVar('sess', 'ip_list');
    });
    return { agent, reload: () => lists.reload(), close: () => lists.close() };
  },
};

function listFile(written: string): ListFile {
  const at = written.lastIndexOf('=');
  if (at < 0) return { path: written, score: 0 };
  try {
    return { path: written.slice(0, at), score: readScore(written.slice(at + 1), `--list ${written}`) };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
