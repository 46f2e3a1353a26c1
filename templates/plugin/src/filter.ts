import type { Filter, FilterKeyword } from 'sluice/plugin';

/** `filter __NAME__-upper` */
export const upperCase: FilterKeyword = {
  usage: '__NAME__-upper',
  summary: 'Turns the ASCII letters of text/plain responses into capitals.',
  parse() {
    return {
      // Once for each request. A filter that keeps nothing between two chunks could be one for all.
      attach: (): Filter => ({
        response: {
          borrows: true,
          head(flow) {
            const type = flow.transaction.response?.headers.get('content-type') ?? '';
            if (!type.startsWith('text/plain')) flow.leave();
          },
          data(chunk) {
            const capitals = Buffer.from(chunk);
            for (const [index, byte] of capitals.entries()) {
              if (byte >= 0x61 && byte <= 0x7a) capitals[index] = byte - 0x20;
            }
            return capitals;
          },
        },
      }),
    };
  },
};
