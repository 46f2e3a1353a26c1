import type { Received } from '../api/index.ts';
import type { Stream } from './stream.ts';

/** In HTTP mode, what rules see that may wait for more: the bodies, as far as they have come. */
export class MessageBytes implements Received {
  readonly #stream: Stream;
  readonly final = false;
  mayChange = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  get request(): Buffer {
    return this.#stream.requestView.body.available();
  }

  get response(): Buffer {
    return this.#stream.responseView.body.available();
  }
}
