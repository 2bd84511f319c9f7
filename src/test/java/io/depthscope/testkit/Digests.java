package io.depthscope.testkit;

import io.depthscope.backend.Backend;
import io.depthscope.backend.BatchOutput;
import io.depthscope.backend.Program;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.stats.LayerAccumulator;
import io.depthscope.stats.LayerStatistics;
import io.depthscope.stats.NetworkAccumulator;
import io.depthscope.verification.PlanCase;
import io.depthscope.verification.StatisticsCheck;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/** The exact bytes of what a run gives, for comparing runs that must not differ at all. */
public final class Digests {

  private Digests() {}

  /** Outputs and statistics of a case run in batches of a size. */
  public static byte[] run(Backend backend, PlanCase c, Recording recording, int batch) {
    Plan plan = c.plan(recording);
    try (Program program = backend.compile(plan, batch)) {
      List<BatchOutput> outputs = submit(program, c, 0, c.batch().count(), batch);
      return bytes(outputs, program.statistics());
    }
  }

  /** The same with a break after {@code half} images: the statistics are written and read again. */
  public static byte[] interrupted(
      Backend backend, PlanCase c, Recording recording, int batch, int half) throws IOException {
    Plan plan = c.plan(recording);
    List<BatchOutput> outputs = new ArrayList<>();
    byte[] checkpoint;
    try (Program program = backend.compile(plan, batch)) {
      outputs.addAll(submit(program, c, 0, half, batch));
      checkpoint = bytes(List.of(), program.statistics());
    }
    try (Program program = backend.compile(plan, batch)) {
      program.statistics().read(new DataInputStream(new ByteArrayInputStream(checkpoint)));
      outputs.addAll(submit(program, c, half, c.batch().count(), batch));
      return bytes(outputs, program.statistics());
    }
  }

  /** All that figures are made from, but not which block is being filled. */
  public static byte[] figures(NetworkAccumulator statistics) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(statistics.images());
      for (int i = 0; i < statistics.size(); i++) {
        LayerAccumulator l = statistics.layer(i);
        double[] totals = new double[LayerStatistics.STATE_FIELDS * l.channels()];
        l.total().exportState(totals, 0, l.channels());
        for (double total : totals) {
          out.writeDouble(total);
        }
        for (long count : l.histogram().counts()) {
          out.writeLong(count);
        }
        for (long count : l.codes()) {
          out.writeLong(count);
        }
        out.writeUTF(l.lowest() + " " + l.highest());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private static List<BatchOutput> submit(
      Program program, PlanCase c, int from, int to, int batch) {
    List<Future<BatchOutput>> pending = new ArrayList<>();
    for (int at = from; at < to; at += batch) {
      pending.add(program.submit(StatisticsCheck.slice(c, at, Math.min(to, at + batch))));
    }
    return pending.stream().map(PlanCase::await).toList();
  }

  private static byte[] bytes(List<BatchOutput> outputs, NetworkAccumulator statistics) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      statistics.write(out);
      for (BatchOutput o : outputs) {
        for (float v : o.baseline()) {
          out.writeInt(Float.floatToRawIntBits(v));
        }
      }
      for (BatchOutput o : outputs) {
        for (float v : o.candidate()) {
          out.writeInt(Float.floatToRawIntBits(v));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return bytes.toByteArray();
  }
}
