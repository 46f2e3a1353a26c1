import { definePlugin, type Plugin } from 'sluice/plugin';
import { httpErrors } from './section.ts';
import { directives } from './words.ts';

const errors: Plugin = definePlugin({ name: 'errors', api: 1, directives, sections: { 'http-errors': httpErrors } });
export default errors;
