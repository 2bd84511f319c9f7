package io.depthscope.backend.cuda;

import io.depthscope.device.KernelSpec;
import io.depthscope.graph.Op;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every kernel there is, one entry a family; a test compares it with the built images. */
public final class KernelCatalog {
  private static final String REDUCE = "ds_statistics_reduce_u32_none_f64_channel__chunks";
  private static final String MERGE = "ds_statistics_merge_f64_none_f64_channel__naive";
  private static final int MERGE_THREADS = 64;
  private static final String WIDE = "n128";
  private static final String NARROW = "n64";
  private static final int N128_THREADS = 256;
  private static final int N64_THREADS = 128;
  private static final String TENSOR = "f32_f32_f32_tensor";
  private static final String CHANNEL = "f32_f32_f32_channel";
  private static final String UNWEIGHTED = "f32_none_f32_tensor";

  private static final Map<String, KernelSpec> BY_SYMBOL = new LinkedHashMap<>();

  static {
    layers("image_normalize", "image_normalize", "u8_table_f32_tensor", "naive", Tiling.THREADS);
    layers("image_normalize", "image_normalize", UNWEIGHTED, "naive", Tiling.THREADS);
    for (Mode mode : Mode.values()) {
      depthwiseVectors(mode).forEach(v -> depthwise(mode.word(), v));
    }
    layers("depthwise_conv_any", "depthwise_conv", CHANNEL, "naive", Tiling.THREADS);
    layers("pointwise_gemm", "pointwise", TENSOR, WIDE, N128_THREADS);
    layers("pointwise_gemm", "pointwise", TENSOR, NARROW, N64_THREADS);
    layers("pointwise_epilogue", "pointwise_epilogue", UNWEIGHTED, "naive", Tiling.THREADS);
    layers("conv2d", "conv2d", TENSOR, WIDE, N128_THREADS);
    layers("conv2d", "conv2d", TENSOR, NARROW, N64_THREADS);
    layers("grouped_conv", "grouped_conv", TENSOR, "naive", Tiling.THREADS);
    unweighted("pool", "average_pool");
    unweighted("pool", "max_pool");
    for (Op.Elementwise.Function function : Op.Elementwise.Function.values()) {
      unweighted("elementwise", of(function));
    }
    for (Op.Unary.Function function : Op.Unary.Function.values()) {
      unweighted("unary", of(function));
    }
    unweighted("concat", "concat");
    unweighted("rearrange", "rearrange");
    unweighted("resize", "resize_bilinear");
    unweighted("leaky_relu", "leaky_relu");
    unweighted("local_response", "local_response");
    unweighted("layer_norm", "layer_norm");
    statistics(REDUCE, 3, ReduceParams.class, Tiling.THREADS);
    statistics(MERGE, 3, MergeParams.class, MERGE_THREADS);
  }

  private KernelCatalog() {}

  /** All kernels, in the order of the files. */
  public static List<KernelSpec> all() {
    return new ArrayList<>(BY_SYMBOL.values());
  }

  /**
   * The kernel of a name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static KernelSpec get(String symbol) {
    KernelSpec spec = BY_SYMBOL.get(symbol);
    if (spec == null) {
      throw new IllegalArgumentException("no kernel " + symbol);
    }
    return spec;
  }

  static KernelSpec reduce() {
    return get(REDUCE);
  }

  static KernelSpec merge() {
    return get(MERGE);
  }

  static KernelSpec normalizeBytes(Mode mode) {
    return get(symbol("image_normalize", mode, "u8_table_f32_tensor", "naive"));
  }

  static KernelSpec normalizeValues(Mode mode) {
    return unweighted("image_normalize", mode);
  }

  /** A kernel without weights. */
  static KernelSpec unweighted(String op, Mode mode) {
    return get(symbol(op, mode, UNWEIGHTED, "naive"));
  }

  /** The variants of a matrix product, {@code pointwise} or {@code conv2d}, the best first. */
  static List<KernelSpec> gemm(String op, Mode mode, int outStride) {
    KernelSpec narrow = get(symbol(op, mode, TENSOR, NARROW));
    KernelSpec wide = get(symbol(op, mode, TENSOR, WIDE));
    return outStride <= 64 ? List.of(narrow, wide) : List.of(wide, narrow);
  }

  /** Channels a thread of the 3x3 depthwise kernels of a mode, the best first; empty for none. */
  static List<Integer> depthwiseVectors(Mode mode) {
    return switch (mode) {
      case PLAIN -> List.of(4);
      case OBSERVED -> List.of(2, 4);
      case PAIRED -> List.of(4, 2);
      case MEASURED -> List.of(2, 1);
      case TRACED -> List.of();
    };
  }

  /** Output channels of a tile of a matrix product, which its variant is named after. */
  static int columns(KernelSpec gemm) {
    return gemm.symbol().endsWith("__" + WIDE) ? 128 : 64;
  }

  static KernelSpec depthwise(Mode mode, String variant) {
    return get(symbol("depthwise_conv", mode, CHANNEL, variant));
  }

  /** The kernel of convolutions in groups. */
  static KernelSpec grouped(Mode mode) {
    return get(symbol("grouped_conv", mode, TENSOR, "naive"));
  }

  private static String symbol(String op, Mode mode, String types, String variant) {
    return "ds_" + op + "_" + mode.word() + "_" + types + "__" + variant;
  }

  /** The operation in the names of kernels that combine two tensors. */
  static String of(Op.Elementwise.Function function) {
    return function.word().replace('-', '_');
  }

  /** The operation in the names of kernels that apply a function. */
  static String of(Op.Unary.Function function) {
    return function.word().replace('-', '_');
  }

  private static void unweighted(String file, String op) {
    layers(file, op, UNWEIGHTED, "naive", Tiling.THREADS);
  }

  private static void layers(String file, String op, String types, String variant, int threads) {
    for (Mode mode : Mode.values()) {
      layer(file, op, mode.word(), types, variant, threads);
    }
  }

  private static void depthwise(String mode, int vector) {
    for (int stride = 1; stride <= 2; stride++) {
      String variant = "k3s" + stride + "v" + vector;
      layer("depthwise_conv", "depthwise_conv", mode, CHANNEL, variant, Tiling.THREADS);
    }
  }

  private static void layer(
      String file, String op, String mode, String types, String variant, int threads) {
    String symbol = "ds_" + op + "_" + mode + "_" + types + "__" + variant;
    BY_SYMBOL.put(
        symbol,
        new KernelSpec(
            symbol, file, LayerPointers.COUNT, KernelParams.bytes(LayerParams.class), threads));
  }

  private static void statistics(
      String symbol, int pointers, Class<? extends KernelParams> params, int threads) {
    BY_SYMBOL.put(
        symbol,
        new KernelSpec(symbol, "statistics_merge", pointers, KernelParams.bytes(params), threads));
  }
}
