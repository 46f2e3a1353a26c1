const HELD = ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const;

/**
 * Keeps the signals that come before there is somebody to follow them: by default SIGUSR2 and SIGHUP would end the process,
 * and SIGUSR1 would start Node's debugger. What this answers gives them out, to be called when all handlers are there.
 */
export function holdSignals(): () => void {
  const held: NodeJS.Signals[] = [];
  const hold = (signal: NodeJS.Signals): void => void held.push(signal);
  for (const signal of HELD) process.on(signal, hold);
  return () => {
    for (const signal of HELD) process.off(signal, hold);
    for (const signal of held.splice(0)) process.emit(signal, signal);
  };
}
