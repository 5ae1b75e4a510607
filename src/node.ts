/**
 * weft-gpu/node: what the library needs from Node.
 *
 *     openGpu({ adapter: 'software' })      a WebGPU source for Engine.open, through Dawn
 *     nodeDataPlaces()                      where findDataSet looks for Fashion-MNIST, or fetches it from
 *     nodeFiles                             the file store that runs are written to: whole files or none
 */
export {
  adapterRemedy,
  cacheDir,
  dataDir,
  folderSource,
  listAdapters,
  nodeDataPlaces,
  nodeFiles,
  nodePlatform,
  openGpu,
} from './platform/node.ts';
