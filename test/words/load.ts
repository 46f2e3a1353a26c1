import { Compilers } from '../../core/expression/index.ts';
