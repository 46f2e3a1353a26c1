/** The built-in formats as log-format strings; configuration.txt 8.2.2 to 8.2.4. */
export const TCP_FORMAT: string = '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq';

export const TCP_CLF_FORMAT: string =
  '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- ' +
  '%ac %fc %bc %sc %rc %sq %bq "" "" ';

export const HTTP_FORMAT: string =
  '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r';

export const HTTP_CLF_FORMAT: string =
  '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc ' +
  '%ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl';

export const HTTPS_FORMAT: string =
  `${HTTP_FORMAT} %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] ` +
  '%[ssl_fc_sni]/%sslv/%sslc';
