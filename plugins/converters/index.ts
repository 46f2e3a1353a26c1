import type { Plugin } from 'sluice/plugin';
import { arithmeticConverters } from './arithmetic.ts';
import { binaryConverters } from './binary.ts';
import { dateConverters } from './dates.ts';
import { digestConverters } from './digests.ts';
import { fixConverters } from './fix.ts';
import { hashConverters } from './hashes.ts';
import { forwardedConverters } from './rfc7239.ts';
import { encryptedTokenConverters } from './jwe.ts';
import { tokenDirectives } from './jwe-settings.ts';
import { jwtConverters } from './jwt.ts';
import { mqttConverters } from './mqtt.ts';
import { packetConverters } from './packets.ts';
import { proxyConverters } from './proxies.ts';
import { protobufConverters } from './protobuf.ts';
import { jsonConverters } from './json.ts';
import { listConverters } from './lists.ts';
import { mapConverters } from './maps.ts';
import { stringConverters } from './strings.ts';
import { stateConverters } from './state.ts';
import { tracingConverters } from './tracing.ts';
import { urlConverters } from './urls.ts';
import { certificateConverters } from './x509.ts';

/** The converters of configuration.txt 7.3.1. */
const converters: Plugin = {
  name: 'converters',
  api: 1,
  directives: tokenDirectives,
  converters: {
    ...arithmeticConverters,
    ...stringConverters,
    ...listConverters,
    ...binaryConverters,
    ...urlConverters,
    ...jsonConverters,
    ...dateConverters,
    ...hashConverters,
    ...digestConverters,
    ...protobufConverters,
    ...forwardedConverters,
    ...jwtConverters,
    ...packetConverters,
    ...proxyConverters,
    ...mapConverters,
    ...stateConverters,
    ...encryptedTokenConverters,
    ...fixConverters,
    ...mqttConverters,
    ...certificateConverters,
    ...tracingConverters,
  },
};
export default converters;
