import { definePlugin, type Plugin } from 'sluice/plugin';
import { addressActions } from './addresses.ts';
import { captureAction, captureDirectives } from './captures.ts';
import { cookieCaptureDirectives } from './cookie-capture.ts';
import { globalVariables } from './global-variables.ts';
import { packetActions } from './packet-marks.ts';
import { streamActions } from './stream.ts';
import { variableActions } from './variables.ts';
import { verdictActions } from './verdicts.ts';

/** What rules of both modes can do. */
const tcpRules: Plugin = definePlugin({
  name: 'tcp-rules',
  api: 1,
  directives: { ...captureDirectives, ...cookieCaptureDirectives, ...globalVariables },
  actions: {
    ...verdictActions,
    ...addressActions,
    ...variableActions,
    ...streamActions,
    ...packetActions,
    capture: captureAction,
  },
});
export default tcpRules;
