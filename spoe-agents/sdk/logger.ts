import { quoted } from './quoted.ts';

/** Where an agent writes what nobody is there to be told. Loggers of pino's shape fit as they are. */
export interface AgentLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Warnings and errors to stderr, one line each; stacks have more. */
export const consoleLogger: AgentLogger = {
  info: () => {},
  warn: (details, message) => console.warn(line(details, message)),
  error: (details, message) => console.error(line(details, message)),
};

export const silentLogger: AgentLogger = { info: () => {}, warn: () => {}, error: () => {} };

function line(details: object, message: string): string {
  const words = Object.entries(details).map(([key, value]) => `${key}=${describe(value)}`);
  return [message, ...words].join(' ');
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message;
  if (typeof value === 'string') return /^[\x21-\x7e]+$/.test(value) ? value : quoted(value);
  return JSON.stringify(value) ?? String(value);
}
