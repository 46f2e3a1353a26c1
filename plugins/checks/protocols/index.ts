import { definePlugin, type Plugin } from 'sluice/plugin';
import { mysqlCheck, pgsqlCheck, redisCheck } from './databases.ts';
import { externalCheckOption, externalDirectives } from './external.ts';
import { grpcCheck } from './grpc.ts';
import { httpchk } from './http-option.ts';
import { httpCheck } from './http-words.ts';
import { ldapCheck, smtpchk, sslHelloCheck } from './services.ts';
import { spopCheck } from './spop.ts';
import { tcpCheckOption } from './tcp-option.ts';
import { tcpCheck } from './tcp-words.ts';

/** The protocols of health checks: options of the backend, and the lines that describe such a check further. */
const checkProtocols: Plugin = definePlugin({
  name: 'check-protocols',
  api: 1,
  checks: {
    'external-check': externalCheckOption,
    'grpc-check': grpcCheck,
    httpchk,
    'ldap-check': ldapCheck,
    'mysql-check': mysqlCheck,
    'pgsql-check': pgsqlCheck,
    'redis-check': redisCheck,
    smtpchk,
    'spop-check': spopCheck,
    'ssl-hello-chk': sslHelloCheck,
    'tcp-check': tcpCheckOption,
  },
  directives: { 'tcp-check': tcpCheck, 'http-check': httpCheck, ...externalDirectives },
});
export default checkProtocols;
