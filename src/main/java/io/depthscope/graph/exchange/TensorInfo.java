package io.depthscope.graph.exchange;

import java.util.List;

/**
 * What a safetensors header says about one tensor.
 *
 * @param dtype the element type as written, such as {@code F32}
 * @param shape extents, outermost first; empty for a scalar
 * @param begin first byte, counted from the end of the header
 * @param end byte after the last
 */
public record TensorInfo(String name, String dtype, List<Long> shape, long begin, long end) {
  public TensorInfo {
    shape = List.copyOf(shape);
  }
}
