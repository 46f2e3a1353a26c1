import type { Plugin } from 'sluice/plugin';
import { authorizationFetches } from './authorization.ts';
import { clientHelloFetches } from './client-hello.ts';
import { connectionFetches } from './connections.ts';
import { constantFetches } from './constants.ts';
import { cookieFetches } from './cookies.ts';
import { distccFetches } from './distcc.ts';
import { headerFetches } from './headers.ts';
import { internalFetches } from './internal.ts';
import { parameterFetches } from './parameters.ts';
import { payloadFetches } from './payload.ts';
import { requestFetches } from './request.ts';
import { responseFetches } from './response.ts';
import { serverSideFetches } from './server-side.ts';
import { tcpInfoFetches } from './tcp-info.ts';
import { variableFetches } from './variables.ts';

/** The sample fetches of configuration.txt 7.3. */
const fetches: Plugin = {
  name: 'fetches',
  api: 1,
  fetches: {
    ...constantFetches,
    ...internalFetches,
    ...variableFetches,
    ...serverSideFetches,
    ...tcpInfoFetches,
    ...distccFetches,
    ...connectionFetches,
    ...requestFetches,
    ...headerFetches,
    ...cookieFetches,
    ...parameterFetches,
    ...responseFetches,
    ...payloadFetches,
    ...clientHelloFetches,
    ...authorizationFetches,
  },
};
export default fetches;
