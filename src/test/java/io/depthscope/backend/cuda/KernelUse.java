package io.depthscope.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the assembler says a kernel needs on one architecture.
 *
 * @param architecture 75, 90
 * @param threads a block, from the kernel's launch bounds
 * @param registers per thread
 * @param stackBytes local memory per thread: arrays and spilled registers
 * @param spillBytes stored and loaded per thread for want of registers
 * @param sharedBytes static, per block
 */
record KernelUse(
    String kernel,
    int architecture,
    int threads,
    int registers,
    int stackBytes,
    int spillBytes,
    int sharedBytes) {

  /**
   * What a multiprocessor holds. All have 65,536 registers in four parts, handed out to whole warps
   * in units of 256.
   *
   * @param reserved shared memory the driver takes of each block
   */
  private record Multiprocessor(int warps, int blocks, int sharedBytes, int reserved) {}

  private static final Map<Integer, Multiprocessor> MULTIPROCESSORS =
      Map.of(
          75, new Multiprocessor(32, 16, 64 << 10, 0),
          80, new Multiprocessor(64, 32, 164 << 10, 1 << 10),
          86, new Multiprocessor(48, 16, 100 << 10, 1 << 10),
          89, new Multiprocessor(48, 24, 100 << 10, 1 << 10),
          90, new Multiprocessor(64, 32, 228 << 10, 1 << 10),
          100, new Multiprocessor(64, 32, 228 << 10, 1 << 10),
          120, new Multiprocessor(48, 24, 100 << 10, 1 << 10));

  private static final int REGISTERS_PER_PART = 16384;
  private static final int SHARED_UNIT = 256; // of sm_75; 128 after it

  private static final Pattern ENTRY =
      Pattern.compile("Compiling entry function '(\\w+)' for 'sm_(\\d+)\\w?'");
  private static final Pattern STACK =
      Pattern.compile(
          "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern USED = Pattern.compile("Used (\\d+) registers(.*)");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  /**
   * Reads the assembler's log of its option --verbose. Stack of functions that were not inlined is
   * added to the entry before them.
   *
   * @param threads of each kernel's block
   * @throws IllegalArgumentException if the log is not understood or names a kernel that is not in
   *     {@code threads}
   */
  static List<KernelUse> parse(String log, Map<String, Integer> threads) {
    List<KernelUse> all = new ArrayList<>();
    String kernel = null;
    int architecture = 0;
    int stack = -1;
    int spills = 0;
    for (String line : log.lines().toList()) {
      Matcher entry = ENTRY.matcher(line);
      Matcher frame = STACK.matcher(line);
      Matcher used = USED.matcher(line);
      if (entry.find()) {
        kernel = entry.group(1);
        architecture = Integer.parseInt(entry.group(2));
        stack = -1;
        spills = 0;
      } else if (frame.find()) {
        stack = Math.max(stack, 0) + Integer.parseInt(frame.group(1));
        spills += Integer.parseInt(frame.group(2)) + Integer.parseInt(frame.group(3));
      } else if (used.find() && kernel != null) {
        if (stack < 0 || !threads.containsKey(kernel)) {
          throw new IllegalArgumentException("log of " + kernel + " is not understood: " + log);
        }
        Matcher shared = SHARED.matcher(used.group(2));
        all.add(
            new KernelUse(
                kernel,
                architecture,
                threads.get(kernel),
                Integer.parseInt(used.group(1)),
                stack,
                spills,
                shared.find() ? Integer.parseInt(shared.group(1)) : 0));
        kernel = null;
      }
    }
    return all;
  }

  boolean usesLocalMemory() {
    return stackBytes > 0 || spillBytes > 0;
  }

  /** Blocks that run on a multiprocessor at a time; 0 where its limits are not known. */
  int blocks() {
    Multiprocessor m = MULTIPROCESSORS.get(architecture);
    if (m == null) {
      return 0;
    }
    int warpsPerBlock = (threads + 31) / 32;
    int registersPerWarp = (registers * 32 + 255) / 256 * 256;
    int byRegisters = REGISTERS_PER_PART / registersPerWarp * 4 / warpsPerBlock;
    int blocks = Math.min(Math.min(m.blocks, m.warps / warpsPerBlock), byRegisters);
    if (sharedBytes + m.reserved > 0) {
      int shared = (sharedBytes + m.reserved + SHARED_UNIT - 1) / SHARED_UNIT * SHARED_UNIT;
      blocks = Math.min(blocks, m.sharedBytes / shared);
    }
    return blocks;
  }

  /** Warps that run on a multiprocessor at a time. */
  int warps() {
    return blocks() * ((threads + 31) / 32);
  }

  /** Of the most warps a multiprocessor holds, in percent. */
  int occupancyPercent() {
    Multiprocessor m = MULTIPROCESSORS.get(architecture);
    return m == null ? 0 : 100 * warps() / m.warps;
  }
}
