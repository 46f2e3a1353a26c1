/** Severities by number, the most severe first; RFC 5424 section 6.2.1, in HAProxy's spelling. */
export const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;
export type Level = (typeof LEVELS)[number];

export const EMERGENCY = 0;
export const ERROR = 3;
export const NOTICE = 5;
export const INFO = 6;
export const DEBUG = 7;

/** Facilities by number; configuration.txt 4.2, log. */
export const FACILITIES: readonly string[] = (
  'kern user mail daemon auth syslog lpr news uucp cron auth2 ftp ntp audit alert cron2 ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ');

/** What stands around the message. */
export const HEADER_FORMATS = ['local', 'rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw'] as const;
export type HeaderFormat = (typeof HEADER_FORMATS)[number];
