import type { BindConfig, GlobalSettings } from '../api/index.ts';
import { loadLibc } from '../net/libc.ts';
import type { ListenTarget } from '../net/listen-target.ts';
import { getSocketOption, setSocketOption, type SocketOption } from '../net/socket-options.ts';

interface Setting {
  readonly option: SocketOption;
  readonly value: number;
  /** What a warning says of it. */
  readonly failure: string;
}

/** Options of a listening socket, which its connections inherit (configuration.txt 5.1 and 3.2). */
function settingsOf(bind: BindConfig, { socketBuffers }: GlobalSettings, backlog: number): Setting[] {
  const list: Setting[] = [];
  const add = (option: SocketOption, value: number | undefined, failure: string): void => {
    if (value !== undefined && value !== 0) list.push({ option, value, failure });
  };
  add('maxSegment', bind.maxSegment, `cannot set MSS to ${bind.maxSegment}`);
  add('userTimeout', bind.tcpUserTimeout, 'cannot set TCP User Timeout');
  add('deferAccept', bind.deferAccept ? 1 : undefined, 'cannot enable DEFER_ACCEPT');
  add('fastOpen', bind.fastOpen ? backlog : undefined, 'cannot enable TCP_FASTOPEN');
  add('receiveBuffer', socketBuffers.clientReceive, `cannot set the receive buffer to ${socketBuffers.clientReceive}`);
  add('sendBuffer', socketBuffers.clientSend, `cannot set the send buffer to ${socketBuffers.clientSend}`);
  return list;
}

/** What sets them, or undefined where there is nothing to set. Problems are told once per listener. */
export function listenerOptions(
  bind: BindConfig,
  global: GlobalSettings,
  target: ListenTarget,
  backlog: number,
  warn: (problem: string) => void,
): ((descriptor: number) => void) | undefined {
  const settings = target.kind === 'inet' || target.kind === 'fd' ? settingsOf(bind, global, backlog) : [];
  if (settings.length === 0) return undefined;
  return (descriptor) => {
    const { libc, reason } = loadLibc();
    for (const { option, value, failure } of settings) {
      // A negative segment size is that much less than the usual one.
      const wanted = libc === undefined || value > 0 ? value : (getSocketOption(libc, descriptor, option) ?? 0) + value;
      const code = libc === undefined ? reason : setSocketOption(libc, descriptor, option, wanted);
      if (code !== undefined) warn(`${failure} (${code})`);
    }
  };
}
