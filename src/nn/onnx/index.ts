import { writeOnnx } from '../../io/onnx/write.ts';
import type { Model } from '../model.ts';
import { GraphBuilder } from './graph.ts';
import { emitLayer } from './layers.ts';

const INPUT = 'input';
const OUTPUT = 'output';

/**
 * A model as an ONNX file (operator set 17), for inference: dropout is left out, batch norm uses its running statistics.
 * Input `input` [N, ...inputShape], pictures with their channels last as in weft; output `output` [N, ...outputShape], logits
 * where the model gives logits. Inside, pictures are turned once into the order that ONNX's operators want.
 * @throws ValueError for a layer of a kind that has no translation.
 */
export async function toOnnx(model: Model, metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  const graph = new GraphBuilder(await model.parameters.read(), [INPUT, OUTPUT]);
  const result = emitLayer(graph, model.layer, model.root, { name: INPUT, channels: 'last' });
  const last = model.outputShape.length === 3 ? graph.arrange(result, 'last') : result;
  graph.nodes.push({ op: 'Identity', name: OUTPUT, inputs: [last.name], output: OUTPUT, attributes: {} });
  return writeOnnx(
    {
      name: model.name,
      doc: `weft model '${model.name}', input [N, ${model.inputShape.join(', ')}]`,
      input: { name: INPUT, shape: model.inputShape },
      output: { name: OUTPUT, shape: model.outputShape },
      nodes: graph.nodes,
      constants: graph.constants,
    },
    metadata,
  );
}
