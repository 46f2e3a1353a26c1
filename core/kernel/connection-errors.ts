import type { ConnectionError } from '../api/index.ts';

/** How reading the header in front of a connection can end; configuration.txt 7.3.3, `fc_err_str`. */
export type IntroductionFault = 'empty' | 'abort' | 'timeout' | 'truncated' | 'not-header' | 'invalid' | 'protocol';

const error = (code: number, name: string, text: string): ConnectionError => ({ code, name, text });

export const PROXY_ERRORS: Readonly<Record<IntroductionFault, ConnectionError>> = {
  empty: error(11, 'PRX_EMPTY', 'Connection closed while waiting for PROXY protocol header'),
  abort: error(12, 'PRX_ABORT', 'Connection error while waiting for PROXY protocol header'),
  timeout: error(13, 'PRX_TIMEOUT', 'Timeout while waiting for PROXY protocol header'),
  truncated: error(14, 'PRX_TRUNCATED', 'Truncated PROXY protocol header received'),
  'not-header': error(15, 'PRX_NOT_HDR', 'Received something which does not look like a PROXY protocol header'),
  invalid: error(16, 'PRX_BAD_HDR', 'Received an invalid PROXY protocol header'),
  protocol: error(17, 'PRX_BAD_PROTO', 'Received an unhandled protocol in the PROXY protocol header'),
};

export const NETSCALER_ERRORS: Readonly<Record<IntroductionFault, ConnectionError>> = {
  empty: error(18, 'CIP_EMPTY', 'Connection closed while waiting for NetScaler Client IP header'),
  abort: error(19, 'CIP_ABORT', 'Connection error while waiting for NetScaler Client IP header'),
  timeout: error(20, 'CIP_TIMEOUT', 'Timeout while waiting for a NetScaler Client IP header'),
  truncated: error(21, 'CIP_TRUNCATED', 'Truncated NetScaler Client IP header received'),
  'not-header': error(22, 'CIP_BAD_MAGIC', 'Received an invalid NetScaler Client IP magic number'),
  invalid: error(21, 'CIP_TRUNCATED', 'Truncated NetScaler Client IP header received'),
  protocol: error(23, 'CIP_BAD_PROTO', 'Received an unhandled protocol in the NetScaler Client IP header'),
};
