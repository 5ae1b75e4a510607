/** Prints the adapters that Dawn accepts, one a line. Exit 0 if one of them is what WEFT_ADAPTER asks for, else 1. */
import process from 'node:process';
import { listAdapters } from '../src/platform/node-gpu.ts';

const adapters = await listAdapters();
for (const { backend, name } of adapters) console.log(`${name} (${backend})`);
// Any other name is left to the command itself, which says what there is to choose from.
const software = process.env.WEFT_ADAPTER?.toLowerCase() === 'software';
process.exit((software ? adapters.some(adapter => adapter.software) : adapters.length > 0) ? 0 : 1);
