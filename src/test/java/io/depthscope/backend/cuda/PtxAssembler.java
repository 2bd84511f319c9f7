package io.depthscope.backend.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.function.ToIntBiFunction;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * NVIDIA's PTX assembler as JCuda carries it, of CUDA 12.0: it needs neither driver nor toolkit.
 * Its kernels are not what a driver makes of the PTX, since that has an assembler of its own, but
 * close.
 */
final class PtxAssembler {
  /** What it knows of the architectures the project names. */
  static final int[] ARCHITECTURES = {75, 80, 86, 89, 90};

  private PtxAssembler() {}

  static String version() {
    int[] major = {0};
    int[] minor = {0};
    check(JNvPTXCompiler.nvPTXCompilerGetVersion(major, minor), "version", null);
    return major[0] + "." + minor[0];
  }

  /**
   * @param name for messages
   * @return the log of its option --verbose
   * @throws IllegalArgumentException if the assembler refuses the text, with what it says
   */
  static String assemble(String name, String ptx, int architecture) {
    byte[] text = (ptx + "\0").getBytes(UTF_8);
    nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
    check(JNvPTXCompiler.nvPTXCompilerCreate(handle, text.length, text), name, null);
    try {
      String[] options = {"--gpu-name=sm_" + architecture, "--verbose"};
      check(
          JNvPTXCompiler.nvPTXCompilerCompile(handle, options.length, options),
          name + " for sm_" + architecture,
          handle);
      return log(
          handle,
          JNvPTXCompiler::nvPTXCompilerGetInfoLogSize,
          JNvPTXCompiler::nvPTXCompilerGetInfoLog);
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(handle);
    }
  }

  private static void check(int status, String what, nvPTXCompilerHandle handle) {
    if (status != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
      String said =
          handle == null
              ? ""
              : log(
                  handle,
                  JNvPTXCompiler::nvPTXCompilerGetErrorLogSize,
                  JNvPTXCompiler::nvPTXCompilerGetErrorLog);
      throw new IllegalArgumentException(
          what + ": " + nvPTXCompileResult.stringFor(status) + " " + said.strip());
    }
  }

  private static String log(
      nvPTXCompilerHandle handle,
      ToIntBiFunction<nvPTXCompilerHandle, long[]> size,
      ToIntBiFunction<nvPTXCompilerHandle, byte[]> text) {
    long[] bytes = {0};
    check(size.applyAsInt(handle, bytes), "size of a log", null);
    byte[] log = new byte[Math.toIntExact(bytes[0]) + 1]; // its NUL is not counted
    if (bytes[0] > 0) {
      check(text.applyAsInt(handle, log), "log", null);
    }
    int end = 0;
    while (end < log.length && log[end] != 0) {
      end++;
    }
    return new String(log, 0, end, UTF_8);
  }
}
