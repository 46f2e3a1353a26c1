/** The pages HAProxy has built in, to the byte: reason phrase, heading and sentence (configuration.txt 1.3.1, measured on 2.6; it has none for 414 and 431). */
interface Page {
  readonly reason: string;
  readonly title: string;
  readonly text: string;
}

const page = (reason: string, text: string, title?: string): Page => ({ reason, title: title ?? reason, text });

const PAGES: Readonly<Record<number, Page>> = {
  200: page('OK', 'Service ready.\n'),
  400: page('Bad request', 'Your browser sent an invalid request.\n'),
  401: page('Unauthorized', 'You need a valid user and password to access this content.\n'),
  403: page('Forbidden', 'Request forbidden by administrative rules.\n'),
  404: page('Not Found', 'The resource could not be found.\n'),
  405: page(
    'Method Not Allowed',
    'A request was made of a resource using a request method not supported by that resource\n',
  ),
  407: page('Unauthorized', 'You need a valid user and password to access this content.\n'),
  408: page('Request Time-out', "Your browser didn't send a complete request in time.\n"),
  410: page('Gone', 'The resource is no longer available and will not be available again.\n'),
  413: page('Payload Too Large', 'The request entity exceeds the maximum allowed.\n'),
  414: page('URI Too Long', 'The request target is longer than the server is willing to interpret.\n'),
  421: page('Misdirected Request', 'Request sent to a non-authoritative server.\n'),
  422: page('Unprocessable Content', 'The server cannot process the contained instructions.\n'),
  425: page('Too Early', 'Your browser sent early data.\n'),
  429: page('Too Many Requests', 'You have sent too many requests in a given amount of time.\n'),
  431: page('Request Header Fields Too Large', 'The header fields of the request are too large.\n'),
  500: page('Internal Server Error', 'An internal server error occurred.\n'),
  501: page('Not Implemented', '.The server does not support the functionality required to fulfill the request.\n'),
  502: page('Bad Gateway', 'The server returned an invalid or incomplete response.\n'),
  503: page('Service Unavailable', 'No server is available to handle this request.\n'),
  504: page('Gateway Time-out', "The server didn't respond in time.\n"),
};

export interface ErrorPage {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const made = new Map<number, ErrorPage>();

/** The built-in page of a status; 500's for one that has none. */
export function errorPage(status: number): ErrorPage {
  const known = made.get(status);
  if (known !== undefined) return known;
  const entry = PAGES[status];
  if (entry === undefined) return errorPage(500);
  const body = `<html><body><h1>${status} ${entry.title}</h1>\n${entry.text}</body></html>\n`;
  const result: ErrorPage = {
    status,
    reason: entry.reason,
    headers: [
      ['cache-control', 'no-cache'],
      ['content-type', 'text/html'],
    ],
    body,
  };
  made.set(status, result);
  return result;
}

/** The answer to what never became a request: written as it stands, and the connection closes. */
export function rawErrorPage(status: 400 | 408 | 422 | 500 | 503): string {
  const { reason, body } = errorPage(status);
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-length: ${body.length}\r\nCache-Control: no-cache\r\n` +
    `Connection: close\r\nContent-Type: text/html\r\n\r\n${body}`
  );
}
