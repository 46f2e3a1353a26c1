import { definePlugin, type Plugin } from 'sluice/plugin';
import { bind } from './bind.ts';
import { bindWords } from './words.ts';

const listeners: Plugin = definePlugin({ name: 'listeners', api: 1, directives: { bind }, bindWords });
export default listeners;
