import type { ConnectionError } from '../api/index.ts';

/** How reading the header in front of a connection can end; configuration.txt 7.3.3, `fc_err_str`. */
export type IntroductionFault = 'empty' | 'abort' | 'timeout' | 'truncated' | 'not-header' | 'invalid' | 'protocol';

const error = (code: number, text: string): ConnectionError => ({ code, text });

export const PROXY_ERRORS: Readonly<Record<IntroductionFault, ConnectionError>> = {
  empty: error(11, 'Connection closed while waiting for PROXY protocol header'),
  abort: error(12, 'Connection error while waiting for PROXY protocol header'),
  timeout: error(13, 'Timeout while waiting for PROXY protocol header'),
  truncated: error(14, 'Truncated PROXY protocol header received'),
  'not-header': error(15, 'Received something which does not look like a PROXY protocol header'),
  invalid: error(16, 'Received an invalid PROXY protocol header'),
  protocol: error(17, 'Received an unhandled protocol in the PROXY protocol header'),
};

export const NETSCALER_ERRORS: Readonly<Record<IntroductionFault, ConnectionError>> = {
  empty: error(18, 'Connection closed while waiting for NetScaler Client IP header'),
  abort: error(19, 'Connection error while waiting for NetScaler Client IP header'),
  timeout: error(20, 'Timeout while waiting for a NetScaler Client IP header'),
  truncated: error(21, 'Truncated NetScaler Client IP header received'),
  'not-header': error(22, 'Received an invalid NetScaler Client IP magic number'),
  invalid: error(21, 'Truncated NetScaler Client IP header received'),
  protocol: error(23, 'Received an unhandled protocol in the NetScaler Client IP header'),
};
