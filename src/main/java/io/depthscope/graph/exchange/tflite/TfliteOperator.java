package io.depthscope.graph.exchange.tflite;

import com.google.flatbuffers.Table;
import io.depthscope.graph.exchange.lowering.Refused;
import java.util.List;
import org.tensorflow.lite.schema.Operator;

/**
 * An operator of a TFLite file.
 *
 * @param code number of the schema
 * @param word its name
 * @param inputs numbers of tensors; -1 for one left out
 * @param outputs numbers of tensors
 */
record TfliteOperator(
    int code, String word, List<Integer> inputs, List<Integer> outputs, Operator table) {

  /** Number of a tensor that it reads; -1 if there is none. */
  int input(int i) {
    return i < inputs.size() ? inputs.get(i) : -1;
  }

  /**
   * Its options.
   *
   * @param type of the schema's union
   * @param empty a table of that type
   * @throws Refused if it has none, or others
   */
  <T extends Table> T options(byte type, T empty) {
    if (table.builtinOptionsType() != type || table.builtinOptions(empty) == null) {
      throw new Refused("has no options, or those of another operator");
    }
    return empty;
  }
}
