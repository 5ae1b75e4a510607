/**
 * weft-gpu/node: what the library needs from Node.
 *
 *     openGpu({ adapter: 'software' })      a WebGPU source for Engine.open, through Dawn
 *     nodeDataPlaces()                      where findDataSet looks for Fashion-MNIST, or fetches it from
 *     nodeWeights()                         where pretrained weights lie
 *     parseHdf5                             HDF5, in a process of its own, for readWeights
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
  nodeWeights,
  openGpu,
  parseHdf5,
} from './platform/node.ts';
