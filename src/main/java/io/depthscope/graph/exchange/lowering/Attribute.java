package io.depthscope.graph.exchange.lowering;

import io.depthscope.graph.draft.NdArray;

/** What a node of a file is told beside the tensors it reads. */
public sealed interface Attribute {

  record Whole(long value) implements Attribute {}

  record Real(float value) implements Attribute {}

  record Text(String value) implements Attribute {}

  /** Read-only. */
  @SuppressWarnings("ArrayRecordComponent") // read-only, never compared
  record Wholes(long... values) implements Attribute {}

  /** Read-only. */
  @SuppressWarnings("ArrayRecordComponent") // read-only, never compared
  record Reals(float... values) implements Attribute {}

  record Tensor(NdArray value) implements Attribute {}
}
