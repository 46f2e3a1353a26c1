import { definePlugin, type Plugin } from 'sluice/plugin';
import { words } from './words.ts';

const forwarding: Plugin = definePlugin({ name: 'forwarding', api: 1, requires: ['proxy'], directives: words });
export default forwarding;
